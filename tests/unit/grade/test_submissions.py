"""Submissions as they really come: folders, zips, checkouts, notebooks, and broken ones of each."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.grade.handin import MOST_BYTES
from mldocker_lab.grade.policy import Refused
from mldocker_lab.grade.submissions import discover

DOCKERFILE = "FROM mine\n"


@pytest.fixture
def known(toy):
    return {"00_toy": toy, "01_other": replace(toy, id="01_other")}


@pytest.fixture
def room(tmp_path):
    folder = tmp_path / "room"
    folder.mkdir()
    return folder


def fill(folder, *names: str, text: str = DOCKERFILE) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def zipped(path, files: dict[str, str | bytes], **more) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def notebook(*cells: tuple[str, object], **metadata) -> str:
    made = [{"cell_type": "code", "metadata": m, "source": s, "outputs": []} for s, m in cells]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


TAGGED = {"mldocker": {"answer": "Dockerfile"}}


def seen(path, known) -> dict[str, dict[str, object]]:
    """Name → exercise → its answer files, or why they are refused."""
    result: dict[str, dict[str, object]] = {}
    for one in discover(path, known).submissions:
        mine = result.setdefault(one.name, {})
        if one.problem:
            mine["problem"] = one.problem.what
        for name, handed in one.answers.items():
            try:
                mine[name] = handed.files(known[name])
            except Refused as error:
                mine[name] = error.what
    return result


ONE = {"00_toy": {"Dockerfile": DOCKERFILE.encode()}}


@pytest.mark.parametrize(
    "names",
    [
        ("00_toy/Dockerfile",),
        ("00_toy/answer/Dockerfile", "00_toy/exercise.toml", "00_toy/rubric.py"),
        ("exercises/00_toy/answer/Dockerfile", "README.md", ".git/HEAD", "tests/x/Dockerfile"),
        ("00_toy/Dockerfile", "00_toy/conftest.py", "docker.py", "exercises/00_toy/Dockerfile"),
    ],
)
def test_a_folder_is_one_submission_alone_and_among_others(room, known, names):
    fill(room / "alice", *names)
    assert seen(room / "alice", known) == {"alice": ONE}
    fill(room / "bob", "01_other/Dockerfile")
    assert seen(room, known) == {
        "alice": ONE,
        "bob": {"01_other": {"Dockerfile": DOCKERFILE.encode()}},
    }


@pytest.mark.parametrize(
    "names",
    [
        ("00_toy/Dockerfile",),
        ("alice/00_toy/answer/Dockerfile", "__MACOSX/alice/._x"),
        ("project-main/exercises/00_toy/answer/Dockerfile", "project-main/README.md"),
    ],
)
def test_a_zip_file_is_read_in_place(room, known, names):
    zipped(room / "alice.zip", dict.fromkeys(names, DOCKERFILE))
    assert seen(room / "alice.zip", known) == {"alice": ONE}
    assert seen(room, known) == {"alice": ONE}
    assert [path.name for path in room.iterdir()] == ["alice.zip"]


def test_exercises_and_a_folder_of_exercises_are_your_own_answers(toys, known):
    own = {"Dockerfile": b"FROM nothing\n"}
    assert seen(toys, known) == {"exercises": {"00_toy": own}}
    assert seen(toys / "00_toy", known) == {"00_toy": {"00_toy": own}}
    assert seen(toys.parent, known) == {toys.parent.name: {"00_toy": own}}


def test_where_one_exercise_is_asked_for_its_files_may_lie_bare(room, toy):
    fill(room, "alice/Dockerfile", "bob/answer/Dockerfile")
    zipped(room / "carol.zip", {"Dockerfile": DOCKERFILE})
    assert seen(room, {"00_toy": toy}) == {"alice": ONE, "bob": ONE, "carol": ONE}


@pytest.mark.parametrize(
    "cells",
    [
        [(DOCKERFILE, TAGGED)],
        [("%%writefile answer/Dockerfile\n" + DOCKERFILE, TAGGED), ("import os", {})],
        [(["FROM ", "mine\n"], TAGGED), ("x", None), ("y", {"mldocker": 3})],
    ],
)
def test_a_notebooks_tagged_cells_are_answer_files(room, known, cells):
    fill(room, "alice/00_toy/exercise.ipynb", "00_toy_bob.ipynb", text=notebook(*cells))
    fill(room, "carol/00_toy.ipynb", text=notebook(*cells))
    assert seen(room, known) == {"alice": ONE, "00_toy_bob": ONE, "carol": ONE}


def test_answer_files_go_before_a_notebook(room, known):
    fill(room, "alice/00_toy/Dockerfile")
    fill(room, "alice/00_toy/exercise.ipynb", text=notebook(("FROM other", TAGGED)))
    assert seen(room, known) == {"alice": ONE}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not JSON", "is not a notebook"),
        ("[]", "is not a notebook"),
        ('{"cells": 3}', "is not a notebook"),
        ('{"cells": [3]}', "is not a notebook"),
        ("[" * 100_000, "is not a notebook"),
        ('{"cells": [' + "9" * 10_000 + "]}", "is not a notebook"),
        (notebook(("x", {})), "no cell of exercise.ipynb is tagged"),
        (notebook(("x", TAGGED), ("y", TAGGED)), "two cells of exercise.ipynb are tagged"),
        (notebook(({"a": 1}, TAGGED)), "holds no text"),
        (notebook(("x" * (MOST_BYTES + 1), TAGGED)), "has 256001 bytes"),
        (notebook(("\ud800", TAGGED)), "is not UTF-8"),
        (notebook(("x", {"mldocker": {"answer": "../rubric.py"}})), "which is no answer file"),
        (notebook(("x", {"mldocker": {"answer": "rubric.py"}})), "which is no answer file"),
        (notebook(("x", {"mldocker": {"answer": "extra\n.txt"}})), "which is no answer file"),
    ],
)
def test_a_malformed_notebook_gets_a_line(room, known, text, says):
    fill(room, "alice/00_toy/exercise.ipynb", text=text)
    fill(room, "bob/00_toy/Dockerfile")
    found = seen(room, known)
    assert says in found["alice"]["00_toy"]
    assert found["bob"] == ONE


def test_a_notebook_in_another_encoding_and_a_huge_one_get_a_line(room, known):
    fill(room, "alice/00_toy/exercise.ipynb")
    path = room / "alice/00_toy/exercise.ipynb"
    path.write_bytes(notebook((DOCKERFILE, TAGGED)).encode("utf-16"))
    assert "is not UTF-8" in seen(room, known)["alice"]["00_toy"]
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert "has 100000000 bytes" in seen(room, known)["alice"]["00_toy"]


def test_two_notebooks_or_one_for_no_exercise_get_a_line(room, known):
    fill(room, "alice/00_toy/a.ipynb", "alice/00_toy/b.ipynb", text=notebook((DOCKERFILE, TAGGED)))
    fill(room, "bob.ipynb", text=notebook((DOCKERFILE, TAGGED)))
    found = seen(room, known)
    assert "2 notebooks" in found["alice"]["00_toy"]
    assert "does not say to which exercise" in found["bob"]["problem"]


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_links_are_refused_by_name_and_never_followed(room, known, tmp_path):
    secret = tmp_path / "secret"
    fill(secret, "00_toy/Dockerfile", text="FROM secret")
    (room / "alice").symlink_to(secret)
    zipped(tmp_path / "bob.zip", {"00_toy/Dockerfile": "FROM secret"})
    (room / "bob.zip").symlink_to(tmp_path / "bob.zip")
    (room / "carol").mkdir()
    (room / "carol" / "00_toy").symlink_to(secret / "00_toy")
    (room / "dave" / "00_toy").mkdir(parents=True)
    (room / "dave" / "00_toy" / "Dockerfile").symlink_to(secret / "00_toy" / "Dockerfile")
    (room / "erin" / "00_toy").mkdir(parents=True)
    (room / "erin" / "00_toy" / "answer").symlink_to(secret / "00_toy")
    (room / "frank" / "00_toy").mkdir(parents=True)
    (room / "frank" / "00_toy" / "exercise.ipynb").symlink_to("/etc/passwd")
    found = seen(room, known)
    assert "alice is a symbolic link" in found["alice"]["problem"]
    assert "bob.zip is a symbolic link" in found["bob"]["problem"]
    assert "00_toy is a symbolic link" in found["carol"]["00_toy"]
    assert "Dockerfile is a symbolic link" in found["dave"]["00_toy"]
    assert "no answer file" in found["erin"]["00_toy"]
    assert "exercise.ipynb is a symbolic link" in found["frank"]["00_toy"]
    assert "secret" not in str(found)


def odd_zip(kind: str) -> bytes:
    """A zip file whose Dockerfile is something else, or somewhere else."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        name = {
            "slip": "00_toy/../../../etc/Dockerfile",
            "absolute": "/00_toy/Dockerfile",
            "drive": "C:/00_toy/Dockerfile",
            "backslash": "..\\00_toy\\Dockerfile",
        }.get(kind, "00_toy/Dockerfile")
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        if kind == "link":
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
        if kind == "device":
            info.external_attr = (stat.S_IFCHR | 0o777) << 16
        content = bytes(1 << 28) if kind == "bomb" else DOCKERFILE.encode()
        archive.writestr(info, content)
        if kind == "twice":
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(info, "FROM another")
    made = bytearray(data.getvalue())
    if kind == "encrypted":
        made[6] |= 1
        made[made.rfind(b"PK\x01\x02") + 8] |= 1
    if kind == "lying bomb":  # says it is small, and is not
        return _lying(bytes(1 << 28))
    if kind == "damaged":
        made[45] ^= 0xFF
    return bytes(made)


def _lying(content: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00_toy/Dockerfile", content)
    made = bytearray(data.getvalue())
    at = made.rfind(b"PK\x01\x02")
    made[at + 24 : at + 28] = (10).to_bytes(4, "little")
    made[22:26] = (10).to_bytes(4, "little")
    return bytes(made)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("link", "Dockerfile in alice.zip is a symbolic link"),
        ("device", "Dockerfile in alice.zip is not a plain file"),
        ("twice", "Dockerfile in alice.zip is there twice"),
        ("encrypted", "Dockerfile in alice.zip is encrypted"),
        ("bomb", f"more than the {MOST_BYTES}"),
        ("lying bomb", "cannot be unpacked"),
        ("damaged", "cannot be unpacked"),
        ("slip", "holds no answer"),
        ("absolute", "holds no answer"),
        ("drive", "holds no answer"),
        ("backslash", "holds no answer"),
    ],
)
def test_a_hostile_zip_gets_a_line(room, known, kind, says):
    (room / "alice.zip").write_bytes(odd_zip(kind))
    fill(room, "bob/00_toy/Dockerfile")
    found = seen(room, known)
    assert says in str(found["alice"])
    assert found["bob"] == ONE
    assert sorted(path.name for path in room.iterdir()) == ["alice.zip", "bob"]


def test_zips_that_are_none_too_big_or_too_full_get_a_line(room, known):
    (room / "alice.zip").write_text("not a zip")
    with (room / "bob.zip").open("wb") as file:
        file.truncate(60 << 20)
    zipped(room / "carol.zip", {f"00_toy/extra{n}.txt": "" for n in range(6000)})
    (room / "dave.zip").write_bytes(b"")
    whole = odd_zip("")
    (room / "erin.zip").write_bytes(whole[: len(whole) // 2])
    (room / "frank.tar.gz").write_bytes(b"x")
    fill(room, "notes.txt")
    found = seen(room, known)
    assert "not a zip file" in found["alice"]["problem"]
    assert "62914560 bytes" in found["bob"]["problem"]
    assert "too many files" in found["carol"]["problem"]
    assert "not a zip file" in found["dave"]["problem"]
    assert "not a zip file" in found["erin"]["problem"]
    assert "no folder, zip file or notebook" in found["frank.tar.gz"]["problem"]
    assert discover(room, known).ignored == ("notes.txt",)


def test_a_zip_cannot_speak_for_somebody_else(room, known):
    zipped(room / "alice.zip", {"bob/00_toy/Dockerfile": "FROM evil"})
    fill(room, "bob/00_toy/Dockerfile")
    fill(room, "carol/bob/00_toy/Dockerfile", "carol/dave/00_toy/Dockerfile", text="FROM evil")
    found = seen(room, known)
    assert found["bob"] == ONE
    assert found["alice"] == {"00_toy": {"Dockerfile": b"FROM evil"}}
    assert "no answer" in found["carol"]["problem"]


def test_two_of_one_name_stay_apart(room, known):
    fill(room, "alice/00_toy/Dockerfile")
    zipped(room / "alice.zip", {"00_toy/Dockerfile": DOCKERFILE})
    assert seen(room, known) == {"alice": ONE, "alice.zip": ONE}


def test_many_files_together_are_refused(room, known):
    fill(room, *(f"alice/00_toy/extra{n}.txt" for n in range(5)), text="x" * 250_000)
    assert "1000000 bytes together" in seen(room, known)["alice"]["00_toy"]
    shutil.rmtree(room / "alice")
    fill(room, *(f"alice/00_toy/{n}" for n in range(5001)))
    assert "too many files" in str(seen(room, known)["alice"])


def test_what_holds_nothing_says_what_was_looked_for(room, known):
    with pytest.raises(UsageError, match="no exercise") as caught:
        discover(room, known)
    assert "00_toy" in caught.value.hint
    with pytest.raises(UsageError, match="there is no folder"):
        discover(room / "nowhere", known)


def test_a_submission_called_like_an_exercise_stops_everything_with_a_word(room, known):
    fill(room, "00_toy/Dockerfile", "alice/00_toy/Dockerfile")
    with pytest.raises(UsageError, match=r"answers .* as well as submissions"):
        discover(room, known)


def test_when_it_was_handed_in(room, known):
    fill(room, "alice/00_toy/Dockerfile", "bob/00_toy/Dockerfile", "bob/.git/logs/HEAD")
    os.utime(room / "alice/00_toy/Dockerfile", (1e9, 1e9))
    log = room / "bob/.git/logs/HEAD"
    log.write_text("0 1 Bob <b@x> 5 +0000\tcommit: 1\n1 2 B > x <b@x> 1500000000 -0700\tcommit\n")
    zipped(room / "carol.zip", {"00_toy/Dockerfile": DOCKERFILE})
    os.utime(room / "carol.zip", (2e9, 2e9))
    when = {one.name: one.when for one in discover(room, known).submissions}
    assert when == {
        "alice": datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC),
        "bob": datetime(2017, 7, 14, 2, 40, tzinfo=UTC),
        "carol": datetime(2033, 5, 18, 3, 33, 20, tzinfo=UTC),
    }
