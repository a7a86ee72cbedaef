"""Ignore files against moby's own test vectors, and against the oddities that matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.errors import UsageError

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "vectors" / "dockerignore.json"


def outcome(patterns: str, path: str) -> bool | str:
    try:
        return Patterns.parse(patterns).ignored(path)
    except UsageError:
        return "error"


def test_all_of_mobys_vectors():
    if not VECTORS.exists():
        pytest.skip(f"moby's vectors are not on this machine ({VECTORS.name})")
    vectors = json.loads(VECTORS.read_text())
    assert len(vectors) == 137
    wrong = [
        vector
        for vector in vectors
        if outcome("\n".join(vector["patterns"]), vector["path"])
        != ("error" if vector.get("error") else vector["match"])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        ("# a comment", "# a comment", False),
        (" # not a comment", "# not a comment", True),
        ("x # no inline comment", "x", False),
        ("\ufeffx", "x", True),
        ("  x  \r", "x", True),
        ("/x", "x", True),
        ("x/", "x", True),
        ("./a/../x", "x", True),
        ("x", "x/y/z", True),
        ("x", "X", False),
        ("x", "a/x", False),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("abc/**", "abc", False),
        ("abc/**", "abc/d", True),
        ("*.py", "a/b.py", False),
        ("a?c", "a/c", False),
        ("a?c", "abc\n", False),
        ("data|src*", "data", True),
        ("data|src*", "src1", True),
        ("data|src*", "data/x", True),
        ("data|src*", "a/b/src1", True),
        ("data|src*", "src/x", True),
        ("data|src*", "a/src/x", True),
        ("data|src*", "a/data", False),
        ("data|src", "data", False),
        ("a{2}?", "aab", True),
        ("a{x}?", "a{x}b", True),
        ("*", ".", False),
        ("*\n!keep", "keep", False),
        ("*\n!keep", "keep/below", False),
        ("! keep\n*", "keep", True),
        ("*\n! keep", "keep", False),
        ("x\\#y?", "x#yz", True),
        ("!", "x", "error"),
        ("[z-a]", "x", "error"),
        ("a\\", "a", "error"),
        ("[^a]b\n[[]x", "[x", True),
    ],
)
def test_one_rule_each(patterns, path, expected):
    assert outcome(patterns, path) == expected


def test_the_last_match_decides_and_a_parents_match_counts():
    patterns = Patterns.parse("docs\n!docs/keep\ndocs/keep/secret*")
    names = [
        "docs",
        "docs/a",
        "docs/keep",
        "docs/keep/a",
        "docs/keep/secret1",
        "docs/keep/secret/x",
    ]
    assert [patterns.ignored(name) for name in names] == [True, True, False, False, True, True]


def test_the_line_of_a_bad_pattern_is_named():
    with pytest.raises(UsageError, match=r"line 3 .*\[bad") as caught:
        Patterns.parse("# first\nfine\n[bad\n")
    assert "[a-c]" in caught.value.hint


@pytest.mark.parametrize(
    ("pattern", "folder", "expected"),
    [
        ("!a/b", "a", True),
        ("!a/b", "c", False),
        ("!ab/c", "a", False),
        ("!**/*.py", "anything/at/all", True),
        ("!src/**/*.py", "src/deep", True),
        ("!src/**/*.py", "data", False),
        ("!a/b*/c", "a/bcd", True),
        ("a/b", "a", False),
    ],
)
def test_which_ignored_folders_must_be_looked_into(pattern, folder, expected):
    assert Patterns.parse(f"*\n{pattern}").may_keep_below(folder) is expected


@pytest.mark.parametrize(
    ("pattern", "folder", "expected"),
    [("!a/b", "a", True), ("!**/*.py", "a", False), ("!a*", "a", False), ("!a/**", "a", True)],
)
def test_where_the_classic_client_looks_into_ignored_folders(pattern, folder, expected):
    assert Patterns.parse(f"*\n{pattern}").may_keep_below(folder, literally=True) is expected


def test_every_folder_is_decided_once_however_many_files_it_holds():
    patterns = Patterns.parse("*.pyc\n**/__pycache__\n!docs/README.md\nmodels/**\ndata*/*.tmp")
    names = [f"p{i % 50}/q{i % 7}/file{i}.py" for i in range(50_000)]
    tried = []
    patterns._tests = [
        (keep, lambda path, test=test: tried.append(path) or test(path))
        for keep, test in patterns._tests
    ]
    assert not any(patterns.ignored(name) for name in names)
    folders = {name.rpartition("/")[0] for name in names} | {f"p{i}" for i in range(50)}
    assert set(tried) == folders
    assert len(tried) == 4 * len(folders)  # the exception has nothing to take back
