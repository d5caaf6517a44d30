"""Stands in for the adapters of geopy."""


class AioHTTPAdapter:
    """An adapter that awaits."""
