"""A BuildKit session: the builder asks for secrets and registry passwords, and we answer.

The engine turns ``POST /session`` into an HTTP/2 connection on which *it* is the client and calls
our gRPC methods. We answer on that very connection: nothing listens anywhere, so no other program
can ask. HTTP/2 itself is spoken by the package h2 (the extra ``secrets``); the messages have one or
two fields and are written by hand. Source of the methods: BuildKit's ``session`` package.
"""

from __future__ import annotations

import importlib.util
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mldocker_lab.build.protobuf import encode, fields
from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.engine.hijack import Channel

__all__ = ["Session", "available", "require"]

_SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"  # noqa: S105 a method's name
_LOGIN = "/moby.filesync.v1.Auth/Credentials"
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = 1
_NOT_FOUND, _UNIMPLEMENTED, _INTERNAL = 5, 12, 13  # gRPC's status numbers
_LONGEST_QUESTION = 64 << 10
_PREFIX = 5  # a gRPC message is preceded by a flag and its length
_JOIN_SECONDS = 5


def available() -> bool:
    """Whether the package that speaks HTTP/2 is installed."""
    return importlib.util.find_spec("h2") is not None


def require() -> None:
    """Say what to install where the package that speaks HTTP/2 is missing.

    Raises:
        UsageError: it is.
    """
    if not available():
        raise UsageError(
            "build secrets and registry passwords need the package h2, which is not installed",
            "pip install h2 (it is what the extra mldocker_lab[secrets] adds)",
        )


class Session:
    """Answers the builder for the length of one build; use it in a ``with`` block.

    Args:
        engine: where the build takes place; the session takes a connection of its own.
        secrets: the values by their ids.
        login: user and password for a registry's host, or None.

    Attributes:
        id: what ``POST /build`` names it by.
        asked: the ids of the secrets that the builder asked for, in order.
    """

    def __init__(
        self,
        engine: Engine,
        secrets: Mapping[str, bytes],
        login: Callable[[str], tuple[str, str] | None],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.asked: list[str] = []
        self._secrets, self._login = secrets, login
        self._connection = engine.again()
        try:
            self._channel = self._connection.session(self.id, (_SECRET, _LOGIN, _HEALTH))
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="build session", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it; the builder can ask no more."""
        self._channel.close()
        self._thread.join(_JOIN_SECONDS)
        self._connection.close()

    def _serve(self) -> None:
        _Calls(self._channel, self._answer).serve()

    def _answer(self, method: str, question: bytes) -> bytes | tuple[int, str]:
        """The answer to a call, or gRPC's status and a word about it; never a secret in a word."""
        if method == _HEALTH:
            return encode({1: _SERVING})
        told = dict(fields(question))
        named = told.get(1, b"")
        name = named.decode(errors="replace") if isinstance(named, bytes) else ""
        if method == _SECRET:
            self.asked.append(name)
            value = self._secrets.get(name)
            return (_NOT_FOUND, f"no secret {name}") if value is None else encode({1: value})
        if method == _LOGIN:
            user, password = self._login(name) or ("", "")
            return encode({1: user, 2: password})
        return _UNIMPLEMENTED, f"no method {method}"


@dataclass(slots=True)
class _Call:
    """One call on its way: what was asked so far, and what is still to be sent."""

    method: str
    question: bytearray = field(default_factory=bytearray)
    answer: bytes = b""


class _Calls:
    """gRPC over one HTTP/2 connection, as a server, for short calls with short messages."""

    def __init__(
        self, channel: Channel, answer: Callable[[str, bytes], bytes | tuple[int, str]]
    ) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self._channel, self._answer = channel, answer
        self._http: Any = H2Connection(
            H2Configuration(client_side=False, header_encoding="utf-8", logger=None)
        )
        self._calls: dict[int, _Call] = {}
        self._sending: dict[int, _Call] = {}

    def serve(self) -> None:
        """Answer until the connection is closed, by either side."""
        from h2.exceptions import ProtocolError

        self._http.initiate_connection()
        while self._channel.send(self._http.data_to_send()):
            data = self._channel.receive()
            if not data:
                return
            try:
                for event in self._http.receive_data(data):
                    self._happened(event)
                self._go_on()
            except ProtocolError:  # what h2 has to say about it is in data_to_send
                self._channel.send(self._http.data_to_send())
                self._channel.close()
                return

    def _happened(self, event: Any) -> None:
        from h2 import events

        match event:
            case events.RequestReceived():
                headers: Any = event.headers  # as text, since a header encoding is set
                self._calls[event.stream_id] = _Call(dict(headers).get(":path", ""))
            case events.DataReceived():
                self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                call = self._calls.get(event.stream_id)
                if call and len(call.question) + len(event.data) <= _LONGEST_QUESTION:
                    call.question += event.data
            case events.StreamEnded():
                self._reply(event.stream_id)
            case events.StreamReset():
                self._calls.pop(event.stream_id, None)
                self._sending.pop(event.stream_id, None)

    def _reply(self, stream: int) -> None:
        call = self._calls.pop(stream, None)
        if call is None:
            return
        try:
            answer = self._answer(call.method, bytes(call.question[_PREFIX:]))
        except Exception as error:  # noqa: BLE001 the builder is told; the text may hold anything
            answer = _INTERNAL, type(error).__name__
        head = [(":status", "200"), ("content-type", "application/grpc")]
        if isinstance(answer, tuple):
            status, word = answer
            said = "".join(char if " " <= char < "\x7f" and char != "%" else "?" for char in word)
            trailers = [("grpc-status", str(status)), ("grpc-message", said)]
            self._http.send_headers(stream, head + trailers, end_stream=True)
            return
        self._http.send_headers(stream, head)
        call.answer = b"\0" + len(answer).to_bytes(4, "big") + answer
        self._sending[stream] = call

    def _go_on(self) -> None:
        """Send as much as the other side has room for; a window that opens comes back here."""
        for stream, call in list(self._sending.items()):
            while call.answer:
                room = min(
                    self._http.local_flow_control_window(stream),
                    self._http.max_outbound_frame_size,
                    len(call.answer),
                )
                if room <= 0:
                    break
                self._http.send_data(stream, call.answer[:room])
                call.answer = call.answer[room:]
            if not call.answer:
                self._http.send_headers(stream, [("grpc-status", "0")], end_stream=True)
                del self._sending[stream]
