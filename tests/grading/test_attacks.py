"""A room full of attacks, graded as a whole: nobody gains, nobody else loses, nothing gets out."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from mldocker_lab.engine import leftovers
from mldocker_lab.grade import sheets
from mldocker_lab.grade.junit import junit
from mldocker_lab.grade.ledger import Ledger
from mldocker_lab.grade.page import page
from mldocker_lab.grade.runner import Options, grade_all
from mldocker_lab.grade.station import pens as in_pens

from . import attacks
from .attacks import HOGS, LOOKS, MARK, ON_NOTEBOOKS, REASONS, REFUSED, Attack
from .conftest import GOOD, SMALL, fill

ZOE = "=zoe<b>\ufffd[31m"  # as she is shown; her folder has an escape character in its name

NAMES = [
    *ON_NOTEBOOKS, *REFUSED, *HOGS, *LOOKS,
    *attacks.spies([]), *attacks.liars(""),
    "alice", ZOE,
]  # fmt: skip


class Listener:
    """Hears whoever connects to this machine, on every address it has."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.tcp = socket.create_server(("0.0.0.0", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("0.0.0.0", self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._receive, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                channel, _ = self.tcp.accept()
            except OSError:
                return
            self.heard.append(b"tcp")
            channel.close()

    def _receive(self) -> None:
        while True:
            try:
                self.heard.append(self.udp.recv(100))
            except OSError:
                return

    def close(self) -> None:
        """Stop hearing."""
        self.tcp.close()
        self.udp.close()


def own_addresses() -> list[str]:
    """This machine's addresses, those of other engines' bridges included."""
    told = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout
    return ["127.0.0.1", *(one for one in told.split() if ":" not in one)]


@pytest.fixture(scope="module")
def listener():
    made = Listener()
    with socket.create_connection(("127.0.0.1", made.port)):
        pass
    while not made.heard:
        pass  # it does hear
    made.heard.clear()
    yield made
    made.close()


@pytest.fixture(scope="module")
def room(listener) -> dict[str, Attack]:
    addresses = [f"{one}:{listener.port}" for one in own_addresses()]
    outside = ["1.1.1.1:53", "8.8.8.8:443", "172.17.0.1:2375", "10.213.0.1:2375"]
    return {
        **ON_NOTEBOOKS,
        **REFUSED,
        **HOGS,
        **LOOKS,
        **attacks.spies([*addresses, *outside]),
        **attacks.liars(addresses[-1]),
        "alice": Attack(attacks.answer(GOOD), 6),
        ZOE: Attack(attacks.answer(GOOD + "# zoe\n"), 6),
    }


@pytest.fixture(scope="module")
def graded(room, pens_home, exercises, tmp_path_factory):
    """The book, and everything that was graded in it; one run for all tests of this module."""
    folder = tmp_path_factory.mktemp("room")
    for name, attack in room.items():
        fill(folder / name.replace("\ufffd", "\x1b"), attack.files)
    Path(MARK).unlink(missing_ok=True)
    before = set(Path("/tmp").glob("mldlab-*"))
    with pytest.MonkeyPatch.context() as patch, Ledger(folder.parent / "book.sqlite") as ledger:
        patch.setenv("MLDOCKER_HOME", str(pens_home))
        options = Options(
            exercises=exercises,
            kind=lambda _: in_pens(SMALL, 2, print),
            jobs=2,
            ledger=ledger,
        )
        book = grade_all([folder], options)
    shutil.rmtree(folder)
    assert set(Path("/tmp").glob("mldlab-*")) <= before
    return book


def score(book, name: str):
    (found,) = [one for one in book.submissions if one.name == name]
    return found


def messages(book, name: str) -> dict[str, str]:
    return {c.id: c.verdict.message for e in score(book, name).exercises for c in e.checks}


@pytest.mark.parametrize("name", NAMES)
def test_it_earns_what_its_answer_files_deserve(graded, room, name):
    told = messages(graded, name)
    assert score(graded, name).score == room[name].earns, told
    for check, words in room[name].says.items():
        assert words in told[check]
    for words in room[name].never:
        assert words not in " ".join(told.values())


def test_every_submission_has_its_line(graded, room):
    assert sorted(one.name for one in graded.submissions) == sorted(room)
    assert sorted(NAMES) == sorted(room)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(graded, name):
    (exercise,) = score(graded, name).exercises
    assert REASONS[name] in exercise.note
    assert {check.verdict.status for check in exercise.checks} == {"failed"}


def test_nothing_handed_in_ever_ran_outside_of_a_container(graded):
    assert not Path(MARK).exists()


def test_nobody_reached_this_machine(graded, listener):
    assert listener.heard == []


def test_no_check_is_ever_shown(graded):
    text = str(graded) + junit(graded) + sheets.checks(graded)
    assert "SECRET-OF-THE-RUBRIC" not in text
    assert "getrandbits" not in text


def test_nothing_a_learner_wrote_is_obeyed_by_terminal_page_or_sheet(graded):
    from datetime import UTC, datetime

    html = page(graded, {}, datetime.now(UTC))
    assert "<script>" not in html
    assert "<b>" not in html
    assert "\x1b" not in html + str(graded) + junit(graded) + sheets.checks(graded)
    assert "\u202e" not in str(graded)
    assert not any(line.startswith("=") for line in sheets.checks(graded).splitlines())


def test_nothing_is_left_running(graded, pens_home):
    """Pens are gone with all that was in them: daemons, builds, services, mounts."""
    places = str(pens_home)
    running = [
        pid for pid in leftovers._all() if any(places in word for word in leftovers._arguments(pid))
    ]
    assert running == []
    assert leftovers.mounts_below(Path(places)) == []
    assert [
        pid for pid in leftovers._all() if leftovers._arguments(pid)[:2] == ["sleep", "600"]
    ] == []
