"""A connection to the engine that stays open and goes both ways, taken over from the SDK.

The SDK gives no public way to it, though it does the same for ``attach``. What the engine sends
right after its answer may be in the response's buffer already, so reading goes through the buffer
and writing through the socket below it. Unix sockets, TCP with and without TLS and Windows' named
pipes have such a socket; a connection over SSH may not.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError

if TYPE_CHECKING:
    import requests

__all__ = ["Channel"]

_PIECE_BYTES = 64 << 10
_SWITCHED = 101


class Channel:
    """Bytes to and from the engine; ``close`` may be called from any thread.

    Args:
        response: the engine's "101 Switching Protocols", its body unread.

    Raises:
        EngineError: the engine refused, or the connection cannot be taken over.
    """

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        if response.status_code != _SWITCHED:
            said = response.text.strip()[:200]
            raise EngineError(f"the engine keeps no connection open for a build session: {said}")
        self._reader: Any = getattr(getattr(response.raw, "_fp", None), "fp", None)
        below = getattr(self._reader, "raw", None)
        under: Any = getattr(below, "_sock", None) or getattr(below, "sock", None)
        if under is None or not hasattr(under, "sendall"):
            raise EngineError(
                "this connection to the engine cannot be kept open for a build session",
                "use the engine's Unix socket or TCP address; over SSH, forward its socket",
            )
        under.settimeout(None)
        self._socket = under

    def receive(self) -> bytes:
        """What has come in, at least one byte; b"" once the connection is closed."""
        try:
            return bytes(self._reader.read1(_PIECE_BYTES))
        except (OSError, ValueError, AttributeError):  # closed meanwhile, by us or by the engine
            return b""

    def send(self, data: bytes) -> bool:
        """Send all of it; False once the connection is closed."""
        try:
            self._socket.sendall(data)
        except (OSError, ValueError, AttributeError):
            return False
        return True

    def close(self) -> None:
        """Hang up; whoever waits in ``receive`` returns."""
        with suppress(OSError, ValueError, AttributeError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError, ValueError, AttributeError):
            self._socket.close()
        with suppress(OSError, ValueError, AttributeError):
            self._response.close()
