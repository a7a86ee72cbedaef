"""Our parser against the official one, written in Go, on files written by hand and by chance.

The Go parser cuts a file into words and does not ask whether they make sense, so the comparison
is made below our checks. Where a newer BuildKit differs from it, ours follows the newer one:
a JSON list followed by anything else is shell form, and ONBUILD shows its here-documents.
"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mldocker_lab.dockerfile.checks import KEYWORDS
from mldocker_lab.dockerfile.instruction import read
from mldocker_lab.dockerfile.lines import directives, lines
from mldocker_lab.errors import DockerfileError

oracle = pytest.importorskip("dockerfile", reason="the official Go parser is not installed here")

#: What an instruction is, to both: keyword, trigger, JSON or not, flags, words, documents, lines.
Row = tuple[str, str | None, bool, tuple[str, ...], tuple[str, ...], tuple[object, ...], int, int]


def theirs(text: str) -> list[Row] | None:
    try:
        commands = oracle.parse_string(text)
    except oracle.GoParseError as error:
        return [] if "no instructions" in str(error) else None
    return [
        (
            one.cmd.upper(),
            one.sub_cmd and one.sub_cmd.upper(),
            one.json,
            one.flags,
            one.value if (one.sub_cmd or one.cmd).upper() in KEYWORDS else (),
            tuple((doc.name, doc.file_descriptor, doc.content) for doc in one.heredocs),
            one.start_line,
            one.end_line,
        )
        for one in commands
        if one.cmd
    ]


def ours(text: str) -> list[Row] | None:
    rows: list[Row] = []
    try:
        escape = directives(text).get("escape", "\\")
        for line in lines(text, escape):
            one = read(line, 0, None, text, escape)
            trigger, words = None, one.words
            if one.keyword == "ONBUILD" and words:
                trigger, *rest = words
                words = tuple(rest)
            flags = (
                f"--{f.name}" if f.value is None else f"--{f.name}={f.value}" for f in one.placed
            )
            docs = () if trigger else one.heredocs
            rows.append(
                (
                    one.keyword,
                    trigger,
                    one.json is not None,
                    tuple(flags),
                    words if (trigger or one.keyword) in KEYWORDS else (),
                    tuple((doc.name, doc.fd, doc.content) for doc in docs),
                    one.line,
                    one.end_line,
                )
            )
    except DockerfileError:
        return None
    return [row for row in rows if row[0]]


TRICKY = [
    "FROM a\nRUN b \\\n# c\n\n  d \\\n\te\nCMD f",
    "\ufeff# escape=`\r\nFROM a\r\nRUN b `\r\n c \\\r\n",
    '# syntax=x\n# escape=\\\n# check=skip=all\nFROM "a" AS b\n',
    'RUN <<A cat <<-"B" 3<<C\na\nA\n\tb\n\tB\nc\nC\nUSER x',
    "RUN <<$X\n$X\nRUN <<\\E\nE\nRUN <<'a b'\na b\n",
    'RUN echo <<<x\nRUN \'a <<EOF\nRUN "b" <<EOF\nx\nEOF\n',
    "RUN cat <<EOF | sh && echo \\\n done\necho 1\nEOF\n",
    "COPY --chmod=755 <<-a <<b /x\n\tq\n\ta\nb\n",
    "RUN --mount=type=cache,target='/a b' --x=\\\"y -- --z\n",
    "RUN --mount type=cache x\nRUN --\nRUN --a\nRUN --a \nRUN --a=\n",
    "ENV a=b\\ c 'd e'=f g=\"h i\"j k=\nENV old  way \\ x\nENV a='b\\' c=d\nENV a=\\",
    'LABEL a="b \\\n c" d=e\nARG a="b c" d\nEXPOSE 1 2/tcp\t3\nVOLUME /a /b',
    'CMD ["a", "\\u00e9", "\\ud800"]\nCMD [\'a\']\nCMD ["a",]\nCMD []\nCMD [\n',
    'ENTRYPOINT ["a" \\\n, "b"]\nSHELL ["x"]\nVOLUME ["/a b"]\nADD ["a", "b"]',
    'HEALTHCHECK --interval=5s CMD ["a"]\nHEALTHCHECK NONE\nHEALTHCHECK  CMD  a  b\nHEALTHCHECK',
    'onbuild copy --from=x a b\nONBUILD RUN ["a"]\nONBUILD\nONBUILD ENV a b c',
    "RUN a \\\\\nRUN b \\ \nRUN c\n\\\nRUN d\n \\\n",
    "RUN\nCMD [1]\n",
    "ENV a\n",
    "RUN <<EOF\n",
    "RUN a\x0bb\x0cc \u00a0d\u2003\nCOPY a\x0bb\x0cc d",
    "RUN cat <<-\nRUN cat <<- x\nRUN <<\nRUN 3<<",
    "ADD \\\nONBUILD <<E\nE\nRUN cat onbuild <<E\nx\nE\nONBUILD ADD onbuild <<E\nE\n",
    "RUN # x\n  # y\n\t#z\nRUN a \\\n # b \\\n\n c\n",
]


@pytest.mark.parametrize("text", TRICKY)
def test_written_by_hand(text):
    assert ours(text) == theirs(text)


GAP = st.sampled_from([" ", "  ", "\t", " \\\n", " \\\n  ", " \\\n# c\n", " \\\n\n\t", "\\\r\n "])
WORD = st.one_of(
    st.sampled_from(
        [
            "a",
            "/b/c",
            "x=1",
            "d='e f'",
            'g="h $i"',
            "\\j",
            "k\\ l",
            "--m",
            "--n=o",
            '--p="q r"',
            "--",
            "#s",
            "t#",
            "'",
            '"',
            "$u",
            "${v:-w}",
            "=",
            "&&",
            ";",
            "`",
            "é",
            "[",
            '["a"]',
            '["a","b c"]',
            "['a']",
            "CMD",
            "NONE",
            "RUN",
            "AS",
            "<<E",
            "<<-E",
            '<<"E"',
            "2<<F",
            "<<<E",
        ]
    ),
    st.text("ab\\'\"$={}[], -#`<", min_size=1, max_size=6),
)
KEYWORD = st.sampled_from([*KEYWORDS, "run", "Copy", "ONBUILD RUN", "onbuild env", "WAT"])
BODY = st.sampled_from(["", "", "x\n", "E\n", "\tE\n", "F\n", "#\nE\nF\n", "y \\\nE\nE\nF\nE\n"])
ENDING = st.sampled_from(["\n", "\n", "\r\n", "\n\n", " \n", "\n# c\n", "\n  #c\n", " \\\n", ""])
INSTRUCTION = st.builds(
    lambda keyword, parts, ending, body: (
        keyword + "".join(gap + word for gap, word in parts) + (ending or "\n") + body
    ),
    KEYWORD,
    st.lists(st.tuples(GAP, WORD), max_size=5),
    ENDING,
    BODY,
)
HEAD = st.sampled_from(["", "", "\ufeff", "# escape=`\n", "# syntax=x\n#escape=\\\n", "#\n", "\n"])
FILES = st.builds(lambda head, rest: head + "".join(rest), HEAD, st.lists(INSTRUCTION, max_size=4))


def known_difference(text: str) -> bool:
    """What the old parser reads otherwise, and why that is no matter.

    A JSON list that something follows: it reads the list and drops the rest. A trigger that is
    ONBUILD itself: it drops what follows, and everybody refuses that later. White space between
    << and a name: for it, that is no here-document.
    """
    joined = re.sub(r"[\\`][ \t]*\r?\n(\s*(#.*)?\n)*", "", text)
    if re.search(r"<<[\t\v\f\r ]", joined):
        return True
    for line in [*joined.split("\n"), *text.split("\n")]:  # which of the two escapes joins?
        if re.match(r"\ufeff?\s*onbuild\s+(--\S*\s+)*onbuild\b", line, re.IGNORECASE):
            return True
        for start in (at for at, char in enumerate(line) if char == "["):
            try:
                _, end = json.JSONDecoder().raw_decode(line, start)
            except (ValueError, RecursionError):
                continue
            if line[end:].strip():
                return True
    return False


@settings(max_examples=1000, deadline=None, database=None, derandomize=True)
@given(FILES)
@example("RUN a\\\n# escape=`\n b")
def test_written_by_chance(text):
    if not known_difference(text):
        assert ours(text) == theirs(text)


@settings(max_examples=500, deadline=None, database=None, derandomize=True)
@given(st.text("abRUNCOPYFROM \t\n\\#<>EOF'\"$-=[]`", max_size=60))
def test_noise(text):
    if not known_difference(text):
        assert ours(text) == theirs(text)
