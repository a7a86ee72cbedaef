"""Variables, quotes and escapes."""

from __future__ import annotations

import pytest

from mldocker_lab.dockerfile.expand import expand
from mldocker_lab.errors import DockerfileError

VALUES = {"A": "abc", "EMPTY": "", "PATH": "/a/b/c.tar.gz", "STAR": "a*c"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A-$NONE-", "abc--"),
        ("${A}x", "abcx"),
        ("$Ax", ""),
        ("${NONE:-x} ${EMPTY:-x} ${A:-x}", "x x abc"),
        ("${NONE-x} ${EMPTY-x} ${A-x}", "x  abc"),
        ("${NONE:+x}|${EMPTY:+x}|${A:+x}", "||x"),
        ("${NONE+x}|${EMPTY+x}|${A+x}", "|x|x"),
        ("${NONE:-${A}}", "abc"),
        ("${NONE:-'a}b'}", "a}b"),
        ("${A:?no}", "abc"),
        ("${EMPTY?no}", ""),
        ("$", "$"),
        ("a$", "a$"),
        ("$ A", "$ A"),
        ("$1x", "x"),
        (r"\$A", "$A"),
        (r"'$A'", "$A"),
        (r"'\$A'", r"\$A"),
        ('"$A"', "abc"),
        (r'"\$A \" \x"', r'$A " \x'),
        (r"a\ b", "a b"),
        ("a\\", "a"),
        ("${PATH#*/}", "a/b/c.tar.gz"),
        ("${PATH##*/}", "c.tar.gz"),
        ("${PATH%.*}", "/a/b/c.tar"),
        ("${PATH%%.*}", "/a/b/c"),
        ("${PATH#x}", "/a/b/c.tar.gz"),
        ("${PATH%.g?}", "/a/b/c.tar"),
        (r"${STAR#a\*}", "c"),
        ("${PATH/a/x}", "/x/b/c.tar.gz"),
        ("${PATH//a/x}", "/x/b/c.txr.gz"),
        (r"${PATH//\//-}", "-a-b-c.tar.gz"),
        ("${PATH/./}", "/a/b/ctar.gz"),
    ],
)
def test_expand(text, expected):
    assert expand(text, VALUES) == expected


def test_a_backtick_can_be_the_escape_character():
    assert expand(r"C:\$A`$A", VALUES, "`") == r"C:\abc$A"


@pytest.mark.parametrize(
    "text",
    [
        "'a",
        '"a',
        "${A",
        "${}",
        "${:-a}",
        "${A:",
        "${A:=x}",
        "${A!x}",
        "${NONE:?}",
        "${EMPTY:?x}",
        "${A/x",
    ],
)
def test_what_cannot_be_read(text):
    with pytest.raises(DockerfileError) as caught:
        expand(text, VALUES)
    assert caught.value.hint
