"""Where an engine publishes ports, and how they are reached from here."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["LOOPBACK", "engine_host", "reached_from_here"]

LOOPBACK = "127.0.0.1"
_EVERYWHERE = "0.0.0.0"  # noqa: S104 of a remote engine, which cannot be reached otherwise


def engine_host(url: str) -> str:
    """The machine on which an engine publishes ports, as seen from here."""
    parts = urlsplit(url)
    if parts.scheme in ("tcp", "http", "https", "ssh") and parts.hostname:
        return parts.hostname
    return LOOPBACK


def reached_from_here(url: str) -> str:
    """The address to publish a port on so that we reach it, and nobody else if that is possible."""
    return LOOPBACK if engine_host(url) in (LOOPBACK, "localhost") else _EVERYWHERE
