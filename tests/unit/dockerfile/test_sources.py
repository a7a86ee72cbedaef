"""What a Dockerfile takes from its context, and what that means in a real folder."""

from __future__ import annotations

import pytest

from mldocker_lab.dockerfile.context import Entry
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.dockerfile.sources import Tree, sources


def paths(text: str, target: str | None = None) -> list[str | None]:
    return [one.path for one in sources(parse(text), target)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY a b/ /", ["a", "b"]),
        ("COPY . /", [""]),
        ("COPY ./a/../b/. /", ["b"]),
        ("COPY /a ../../b /", ["a", "b"]),
        ('COPY ["a b", "c"]', ["a b"]),
        ("COPY --chown=1:1 --chmod=644 a /", ["a"]),
        ("COPY --from=other a /", []),
        ("ADD https://x.test/a.tar git@x.test:y.git ssh://z/q a /", ["a"]),
        ("COPY <<EOF b /\nx\nEOF", ["b"]),
        ("RUN --mount=type=bind,target=/c make", [""]),
        ("RUN --mount=source=src,target=/c --mount=type=cache,target=/d make", ["src"]),
        ("RUN --mount=type=bind,from=other,source=x,target=/c make", []),
        ("RUN cp a b", []),
        ("ENV A=1 B=x\nCOPY $A ${B}s ${C:-c} /", ["1", "xs", "c"]),
        ("ARG A=1\nCOPY $A /", ["1"]),
        ("ENV A=1\nARG A=2\nCOPY $A /", ["1"]),
        ("COPY $FROM_THE_BASE/x a /", [None, "a"]),
        ("ARG A\nCOPY $A /", [None]),
    ],
)
def test_one_stage(text, expected):
    assert paths(f"FROM base\n{text}\n") == expected


def test_stages_that_are_not_needed_take_nothing():
    text = (
        "FROM b AS one\nCOPY a /\nFROM b AS two\nCOPY b /\nFROM b\nCOPY --from=two /b /\nCOPY c /\n"
    )
    assert paths(text) == ["b", "c"]
    assert paths(text, "one") == ["a"]


def test_variables_are_inherited_as_a_build_does():
    text = "ARG G=g\nFROM b AS x\nARG A=a\nENV E=$A\nFROM x\nARG G\nCOPY $E $G $A /\n"
    assert paths(text) == ["a", "g", None]  # ENV outlives its stage, ARG does not


FILES = ["top.py", "src/a.py", "src/b.txt", "src/deep/c.py", "src2/d.py", "a[b]/e"]
LINKS = {"link": "src", "src/up": "../src2", "loop": "loop", "out": "/src/deep", "root": "."}


@pytest.fixture
def tree():
    folders = {name.rpartition("/")[0] for name in FILES} - {""}
    entries = [Entry(name, "file", 1, 0o644) for name in FILES]
    entries += [Entry(name, "folder", 0, 0o755) for name in folders | {"src", "src/deep"}]
    return Tree(entries + [Entry(name, "symlink", 0, 0o777, link=to) for name, to in LINKS.items()])


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("top.py", {"top.py"}),
        ("src*", {"src", "src2"}),
        ("*.py", {"top.py"}),
        ("*/*.py", {"src/a.py", "src2/d.py", "src/deep/c.py", "top.py"}),  # through links too
        ("s[^x]c/a.py", {"src/a.py"}),
        ("a\\[b]", {"a[b]"}),
        ("src/**", {"src/a.py", "src/b.txt", "src/deep", "src2"}),
        ("nothing", set()),
        ("link", {"src"}),
        ("out/c.py", {"src/deep/c.py"}),
        ("loop", set()),
        ("", {""}),
    ],
)
def test_what_a_path_names(tree, path, named):
    assert tree.named(path) == named


def test_what_is_taken_with_it(tree):
    assert tree.taken("top.py") == {"top.py"}
    assert tree.taken("src") == {
        "src",
        "src/a.py",
        "src/b.txt",
        "src/deep",
        "src/deep/c.py",
        "src/up",
    }
    assert tree.taken("src/up") == {"src/up", "src2", "src2/d.py"}  # the link and what it means
    assert tree.taken("out/c.py") == {"out", "src/deep/c.py"}
    assert tree.taken("root") == tree.taken("") == tree.taken("*") | {"root"}
    assert {*FILES, *LINKS} <= tree.taken("")
