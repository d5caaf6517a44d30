"""Stands in for requests-oauthlib, which the tests do without: each request waits."""

from __future__ import annotations

import time
from typing import Any

import requests


class OAuth2Session(requests.Session):
    """A session."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def authorization_url(self, url: str) -> tuple[str, str]:
        return url, "state"

    def fetch_token(self, url: str, **kwargs: Any) -> dict[str, Any]:
        time.sleep(0.01)
        return {}
