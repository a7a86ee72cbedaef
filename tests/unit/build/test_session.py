"""Our side of a BuildKit session against a real HTTP/2 client, over a socket pair."""

from __future__ import annotations

import socket
import threading

import pytest

from mldocker_lab.build.protobuf import encode, fields
from mldocker_lab.build.session import _HEALTH, _LOGIN, _SECRET, Session

pytest.importorskip("h2", reason="the extra `secrets` is not installed")

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes


class Wire:
    """What ``engine.hijack.Channel`` is, on any socket."""

    def __init__(self, end):
        self._end = end

    def receive(self):
        """What has come in."""
        try:
            return self._end.recv(65536)
        except OSError:
            return b""

    def send(self, data):
        """Whether it could be sent."""
        try:
            self._end.sendall(data)
        except OSError:
            return False
        return True

    def close(self):
        """Hang up."""
        try:
            self._end.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class Engine:
    """As much of an engine as a session needs."""

    def __init__(self, end):
        self.wire = Wire(end)
        self.closed = 0

    def again(self):
        """A connection of its own."""
        return self

    def session(self, _name, methods):
        """The connection that the engine keeps open."""
        assert methods == (_SECRET, _LOGIN, _HEALTH)
        return self.wire

    def close(self):
        """Count who lets go."""
        self.closed += 1


class Builder:
    """BuildKit's part: a gRPC client."""

    def __init__(self, end, window=None):
        self._end = end
        end.settimeout(10)
        self._http = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._http.initiate_connection()
        if window:
            self._http.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self._flush()

    def _flush(self):
        self._end.sendall(self._http.data_to_send())

    def ask(self, method, message=b""):
        """The answer's message (None without one) and its trailers."""
        stream = self._http.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":path", method)]
        head += [(":authority", "localhost"), ("content-type", "application/grpc")]
        self._http.send_headers(stream, head)
        question = b"\0" + len(message).to_bytes(4, "big") + message
        self._http.send_data(stream, question, end_stream=True)
        self._flush()
        return self._answer(stream)

    def _answer(self, stream):
        body, trailers = bytearray(), {}
        while data := self._end.recv(65536):
            for event in self._http.receive_data(data):
                if isinstance(event, events.DataReceived):
                    body += event.data
                    self._http.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                elif isinstance(event, events.ResponseReceived | events.TrailersReceived):
                    trailers |= dict(event.headers)
                elif isinstance(event, events.StreamEnded) and event.stream_id == stream:
                    self._flush()
                    if not body:
                        return None, trailers
                    assert len(body) == 5 + int.from_bytes(body[1:5], "big")
                    return bytes(body[5:]), trailers
            self._flush()
        raise AssertionError("hung up in the middle of an answer")


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def talking(pair):
    """A session with two secrets and a login, and the builder that asks it."""
    ours, theirs = pair
    logins = {"registry.test:5000": ("me", "pass word é")}
    engine = Engine(ours)
    secrets = {"token": b"\x00\xffsecret", "large": b"x" * 500_000, "empty": b""}
    with Session(engine, secrets, logins.get) as session:
        yield session, Builder(theirs)
    assert engine.closed == 1


def test_a_secret(talking):
    session, builder = talking
    message, trailers = builder.ask(_SECRET, encode({1: "token"}))
    assert dict(fields(message)) == {1: b"\x00\xffsecret"}
    assert (trailers["grpc-status"], trailers[":status"]) == ("0", "200")
    assert dict(fields(builder.ask(_SECRET, encode({1: "empty"}))[0])) == {1: b""}
    assert session.asked == ["token", "empty"]


def test_a_secret_larger_than_any_window(pair):
    ours, theirs = pair
    with Session(Engine(ours), {"large": b"x" * 500_000}, {}.get):
        builder = Builder(theirs, window=1000)
        message, trailers = builder.ask(_SECRET, encode({1: "large"}))
    assert dict(fields(message)) == {1: b"x" * 500_000}
    assert trailers["grpc-status"] == "0"


def test_a_secret_nobody_gave(talking):
    message, trailers = talking[1].ask(_SECRET, encode({1: "töken"}))
    assert message is None
    assert (trailers["grpc-status"], trailers["grpc-message"]) == ("5", "no secret t?ken")


def test_a_login_and_none(talking):
    _, builder = talking
    message, _ = builder.ask(_LOGIN, encode({1: "registry.test:5000"}))
    assert dict(fields(message)) == {1: b"me", 2: "pass word é".encode()}
    message, trailers = builder.ask(_LOGIN, encode({1: "elsewhere.test"}))
    assert dict(fields(message)) == {1: b"", 2: b""}  # as docker's own: anonymous
    assert trailers["grpc-status"] == "0"


def test_health_and_methods_we_do_not_have(talking):
    _, builder = talking
    for _ in range(3):
        message, _ = builder.ask(_HEALTH)
        assert dict(fields(message)) == {1: 1}
    message, trailers = builder.ask("/moby.filesync.v1.Auth/FetchToken", encode({1: "x"}))
    assert (message, trailers["grpc-status"]) == (None, "12")


def test_a_question_that_is_no_message_harms_only_itself(talking):
    session, builder = talking
    message, trailers = builder.ask(_SECRET, b"\xff\xff\xff")
    assert (message, trailers["grpc-status"]) == (None, "13")
    assert builder.ask(_SECRET, encode({1: "token"}))[1]["grpc-status"] == "0"
    assert session.asked == ["token"]


def test_noise_ends_the_session(pair):
    ours, theirs = pair
    with Session(Engine(ours), {}, {}.get) as session:
        theirs.sendall(b"GET / HTTP/1.1\r\n\r\n" * 20)
        session._thread.join(10)
        assert not session._thread.is_alive()


def test_closing_ends_the_thread_from_either_side(pair):
    ours, theirs = pair
    session = Session(Engine(ours), {}, {}.get)
    Builder(theirs).ask(_HEALTH)
    theirs.close()
    session._thread.join(10)
    assert not session._thread.is_alive()
    session.close()
    assert threading.active_count() == 1 or session._thread not in threading.enumerate()


def test_an_engine_that_refuses_is_let_go_of(pair):
    engine = Engine(pair[0])
    engine.session = lambda *_: (_ for _ in ()).throw(OSError("refused"))
    with pytest.raises(OSError, match="refused"):
        Session(engine, {}, {}.get)
    assert engine.closed == 1
