"""Rewriting changes the words it means, and not one byte more."""

from __future__ import annotations

import pytest

from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.dockerfile.rewrite import external_images, with_bases, with_cache_ids

TEXT = (
    "\ufeff# syntax=x\r\nARG V=3.11\n\tfrom   --platform=linux/amd64 py:${V}-slim   AS  b  \n"
    "RUN --mount=type=bind,source=/o,from=tool:1,target=/t --mount=type=cache,target=/c \\\n"
    " # from=tool:1\n  cat py:3.11-slim tool:1\n"
    "FROM b\nCOPY --link --from=tool:1 /tool:1 /x\nCOPY --from=b /y /y\nCOPY --from=0 /y /y\n"
    "FROM 'py:3.11-slim'\nFROM scra\\\n# c\ntch"
)


def test_external_images_each_once_and_never_a_stage():
    assert external_images(parse(TEXT)) == ("py:3.11-slim", "tool:1")
    assert external_images(parse(TEXT), {"V": "3.12"}) == ("py:3.12-slim", "tool:1", "py:3.11-slim")


def test_bases_are_replaced_and_nothing_else():
    new = with_bases(parse(TEXT), {"py:3.11-slim": "cold:1", "tool:1": "cold:2", "b": "never"})
    assert new == (
        "\ufeff# syntax=x\r\nARG V=3.11\n\tfrom   --platform=linux/amd64 cold:1   AS  b  \n"
        "RUN --mount=type=bind,source=/o,from=cold:2,target=/t --mount=type=cache,target=/c \\\n"
        " # from=tool:1\n  cat py:3.11-slim tool:1\n"
        "FROM b\nCOPY --link --from=cold:2 /tool:1 /x\nCOPY --from=b /y /y\nCOPY --from=0 /y /y\n"
        "FROM cold:1\nFROM scra\\\n# c\ntch"
    )


def test_a_name_broken_by_a_continuation_is_replaced_whole():
    assert with_bases(parse("FROM py\\\n# c\nthon AS x\n"), {"python": "z"}) == "FROM z AS x\n"


def test_a_stage_is_never_taken_for_an_image_of_the_same_name():
    text = "FROM x AS b\nFROM b\nRUN --mount=from=b,target=/t y\nCOPY --from=b z z\n"
    assert with_bases(parse(text), {"b": "image"}) == text


def test_build_arguments_decide_which_base_it_is():
    dockerfile = parse("ARG B=one\nFROM $B\n")
    images = {"one": "1", "two": "2"}
    assert with_bases(dockerfile, images).endswith("FROM 1\n")
    assert with_bases(dockerfile, images, {"B": "two"}).endswith("FROM 2\n")


def test_nothing_to_replace_leaves_the_text_alone():
    assert with_bases(parse(TEXT), {"other": "x"}) == TEXT
    assert with_cache_ids(parse("FROM x\nRUN --mount=type=bind,target=/a b"), "p").endswith("/a b")


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("type=cache,target=/a", "type=cache,target=/a,id=run7-/a,sharing=locked"),
        ("target=/a,type=cache,sharing=locked", "target=/a,type=cache,sharing=locked,id=run7-/a"),
        ("type=cache,id=pip,dst=/a", "type=cache,dst=/a,id=run7-pip,sharing=locked"),
        ("type=cache,destination=$H/c", "type=cache,destination=$H/c,id=run7-$H/c,sharing=locked"),
        ('type=cache,target="/a b"', "type=cache,target=/a\\ b,id=run7-/a\\ b,sharing=locked"),
        ("type=secret,id=k", "type=secret,id=k"),
    ],
)
def test_cache_mounts_get_their_own_id(mount, expected):
    dockerfile = parse(f"FROM x\nRUN --network=none --mount={mount} make\n")
    new = with_cache_ids(dockerfile, "run7")
    assert new == f"FROM x\nRUN --network=none --mount={expected} make\n"
    again = parse(new).instructions[1].mounts[0]
    added = {"id": "", "sharing": ""}
    assert again | added == dockerfile.instructions[1].mounts[0] | added


def test_a_mount_that_two_stages_use_stays_shared():
    mount = "--mount=type=cache,target=/a"
    text = f"FROM x AS b\nRUN {mount} one\nFROM x\nRUN {mount} two\nRUN {mount}b three\n"
    new = with_cache_ids(parse(text), "run7")
    assert [one.mounts[0].get("sharing") for one in parse(new).instructions if one.mounts] == [
        None,
        None,
        "locked",
    ]
