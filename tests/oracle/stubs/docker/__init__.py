"""Stands in for docker, which the tests do without: each request waits for the daemon."""

from __future__ import annotations

import time


class Container:
    """A container."""

    name = "shop"

    def logs(self) -> bytes:
        time.sleep(0.01)
        return b""


class ContainerCollection:
    """Containers."""

    def get(self, name: str) -> Container:
        time.sleep(0.01)
        return Container()


class DockerClient:
    """A client."""

    containers = ContainerCollection()

    def ping(self) -> bool:
        time.sleep(0.01)
        return True

    def close(self) -> None:
        return None


def from_env() -> DockerClient:
    return DockerClient()
