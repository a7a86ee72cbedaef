"""Every trap of the Dockerfile language that we know of, one small file each."""

from __future__ import annotations

import pytest

from mldocker_lab.dockerfile.parse import load, parse
from mldocker_lab.errors import DockerfileError, UsageError


def body(text: str):
    """The instructions after the FROM."""
    return parse(f"FROM base\n{text}").instructions[1:]


def only(text: str):
    (one,) = body(text)
    return one


def test_an_instruction_knows_where_it_stands():
    text = "# syntax=docker/dockerfile:1\n\nFROM base\nRUN one \\\n  # why\n\n  two\nCMD x\n"
    run = parse(text).instructions[1]
    assert (run.index, run.line, run.end_line, run.stage) == (1, 4, 7, 0)
    assert run.text == "RUN one \\\n  # why\n\n  two"
    assert run.joined == "RUN one   two"
    assert run.oneline == "RUN one two"
    assert run.value == "one   two"


def test_directives_stand_at_the_top_only():
    assert parse("# syntax=a/b:1\n# escape=`\nFROM x").syntax == "a/b:1"
    assert parse("# Escape = `\nFROM x").escape == "`"
    assert parse("#\n# escape=`\nFROM x").escape == "\\"
    assert parse("# other=1\n# escape=`\nFROM x").escape == "\\"
    assert parse("\ufeff# escape=`\r\nFROM x").escape == "`"


def test_the_escape_directive_changes_continuations():
    parsed = parse("# escape=`\nFROM x\nRUN dir `\n C:\\\nRUN b")
    assert [one.value for one in parsed.instructions] == ["x", "dir  C:\\", "b"]


def test_byte_order_mark_and_windows_line_ends():
    parsed = parse("\ufeffFROM x\r\nRUN a \\\r\n  b\r\n# c\r\nCMD d\r\n".encode())
    assert [one.oneline for one in parsed.instructions] == ["FROM x", "RUN a b", "CMD d"]
    assert parsed.text.startswith("\ufeff")


def test_bytes_that_are_not_utf8_survive():
    source = b"FROM x\nRUN echo \xff\n"
    assert parse(source).text.encode(errors="surrogateescape") == source


def test_comments_and_blank_lines_inside_continuations():
    one = only("RUN a && \\\n\n   # comment with a \\\n\t\n  b && \\\n#x\n  c")
    assert one.value.split() == ["a", "&&", "b", "&&", "c"]


@pytest.mark.parametrize("end", ["\\", "\\\n", "\\\n# c\n", "\\ \t"])
def test_a_backslash_at_the_very_end_continues_nothing(end):
    assert only(f"RUN a {end}").value == "a"


def test_two_backslashes_continue_nothing():
    first, second = body("RUN a \\\\\nCMD b")
    assert (first.value, second.keyword) == ("a \\\\", "CMD")


def test_a_hash_after_the_first_column_of_a_command_is_no_comment():
    assert only("RUN echo a # b").value == "echo a # b"


def test_lower_case_keywords():
    parsed = parse("from x as Web\nrun a\ncopy a b")
    assert [one.keyword for one in parsed.instructions] == ["FROM", "RUN", "COPY"]
    assert parsed.stages[0].name == "web"
    assert parsed.instructions[1].oneline == "RUN a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('CMD ["a", "b c"]', ("a", "b c")),
        ("CMD ['a', 'b']", None),
        ('CMD ["a", ]', None),
        ('CMD ["a"] # why', None),
        ("CMD [ ]", ()),
        ('CMD [\\\n  "a", \\\n  "b"]', ("a", "b")),
        ('COPY ["a b", "c"]', ("a b", "c")),
        ('HEALTHCHECK --interval=5s CMD ["a", "b"]', ("a", "b")),
        ("CMD [NaN]", None),
        ("CMD " + "[" * 5000, None),
        ("RUN [ -f x ] && y", None),
    ],
)
def test_json_form_is_json_and_nothing_else(text, expected):
    assert only(text).json == expected


def test_flags():
    one = only(
        'RUN --mount=type=cache,target="/a b" --network=none \\\n  --security=insecure make -j'
    )
    assert one.flags == (
        ("mount", "type=cache,target=/a b"),
        ("network", "none"),
        ("security", "insecure"),
    )
    assert one.value == "make -j"
    assert one.mounts == ({"type": "cache", "target": "/a b"},)
    copy = only(
        "COPY --from=x:1 --link --chown=1:1 --chmod=0644 --parents --exclude=a --exclude=b . /"
    )
    assert copy.flag("from") == "x:1"
    assert copy.flag("link") == ""
    assert copy.flag("checksum") is None
    assert copy.words == (".", "/")
    assert only("ADD --checksum=sha256:00 https://x.test/a /").flag("checksum") == "sha256:00"
    assert only("RUN -- --looks-like-a-flag").value == "--looks-like-a-flag"


def test_heredocs():
    one = only('RUN cat <<A 3<<-"B E" && c\na $X\nA\n\tb\n\tB E\nCMD x'.replace("CMD x", ""))
    first, second = one.heredocs
    assert (first.name, first.content, first.chomp, first.expand, first.fd) == (
        "A",
        "a $X\n",
        False,
        True,
        0,
    )
    assert (second.name, second.content, second.chomp, second.expand, second.fd) == (
        "B E",
        "\tb\n",
        True,
        False,
        3,
    )
    assert one.end_line == 6
    assert one.oneline == 'RUN cat <<A 3<<-"B E" && c (a $X)'


def test_what_stands_in_a_heredoc_is_no_instruction():
    one, after = body("RUN <<EOF\nFROM y\n# kept\nEOF2\nEOF\nCMD z")
    assert one.heredocs[0].content == "FROM y\n# kept\nEOF2\n"
    assert one.oneline == "RUN <<EOF (FROM y…)"
    assert (after.keyword, after.line) == ("CMD", 7)


def test_a_blank_before_the_name_of_a_heredoc():
    """Docker 28 reads it as one; where nothing ends it, it is a shift to the left."""
    one, after = body("RUN cat << 'E' 3<<\tF\na\nE\nb\nF\nCMD x")
    assert [(doc.name, doc.content, doc.expand, doc.fd) for doc in one.heredocs] == [
        ("E", "a\n", False, 0),
        ("F", "b\n", True, 3),
    ]
    assert (after.keyword, after.line) == ("CMD", 7)
    shift, after = body("RUN echo $((1 << 2)) # <<\nCMD x")
    assert (shift.heredocs, shift.end_line, after.line) == ((), 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "RUN cat <<<x",
        "RUN cat <<-",
        "RUN cat <<- E",
        "RUN a<< E",
        'RUN "<<EOF"',
        'RUN ["a", "<<EOF"]',
        "ENV x=<<EOF",
        "RUN a << b",
        "RUN <<",
    ],
)
def test_what_only_looks_like_a_heredoc(text):
    assert only(text).heredocs == ()


def test_heredocs_in_copy_onbuild_and_with_windows_line_ends():
    copy = only("COPY --chmod=755 <<a.sh <<b /bin/\nhi\r\na.sh\r\nho\nb\n")
    assert [doc.content for doc in copy.heredocs] == ["hi\r\n", "ho\n"]
    assert only("COPY <<app.py app.py\nx\napp.py\n").words == ("<<app.py", "app.py")
    assert only("ONBUILD RUN <<E\nx\nE\n").heredocs[0].content == "x\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'ENV a=b c=\'d e\' f="g\\"h" i=j\\ k',
            ("a", "b", "c", "'d e'", "f", '"g\\"h"', "i", "j\\ k"),
        ),
        ("ENV old style  value", ("old", "style  value")),
        ("LABEL a.b=c", ("a.b", "c")),
        ("ARG a=b c", ("a=b", "c")),
        ("HEALTHCHECK NONE", ("NONE",)),
        ("HEALTHCHECK CMD curl -f x || exit 1", ("CMD", "curl -f x || exit 1")),
        ('SHELL ["/bin/bash", "-c"]', ("/bin/bash", "-c")),
        ("ONBUILD COPY a b", ("COPY", "a", "b")),
        ("EXPOSE 80  90/udp", ("80", "90/udp")),
        ("USER $UID:$GID", ("$UID:$GID",)),
        (
            "RUN pip install setuptools>=41 'timm!=1.0.23'",
            ("pip install setuptools>=41 'timm!=1.0.23'",),
        ),
    ],
)
def test_words(text, words):
    assert only(text).words == words


def test_stages_by_name_number_and_base():
    parsed = parse(
        "ARG V=3.11\nFROM python:${V:-3.9}-slim AS Base\nRUN a\n"
        "FROM base AS train\nRUN b\n"
        "FROM scratch\nCOPY --from=TRAIN /m /m\nCOPY --from=0 / /\n"
    )
    assert [(s.index, s.name, s.base, s.base_stage, s.label) for s in parsed.stages] == [
        (0, "base", "python:3.11-slim", None, "base"),
        (1, "train", "base", 0, "train"),
        (2, None, "scratch", None, "2"),
    ]
    assert [one.stage for one in parsed.instructions] == [None, 0, 0, 1, 1, 2, 2, 2]
    assert parsed.stages[1].instructions[0].keyword == "FROM"


def test_what_a_target_needs():
    parsed = parse(
        "FROM a AS one\nFROM b AS two\nFROM one AS three\nRUN --mount=from=two,target=/x y\n"
        "FROM c AS unused\nFROM d\nCOPY --from=three x y\nCOPY --from=busybox x y\n"
    )
    assert parsed.needed() == {4, 2, 1, 0}
    assert parsed.needed("three") == {2, 1, 0}
    assert parsed.needed("0") == {0}
    assert parsed.final("TWO").index == 1
    with pytest.raises(UsageError, match="no stage is called 'nine'") as caught:
        parsed.final("nine")
    assert "one, two, three, unused, 4" in caught.value.hint


def test_the_chain_of_the_final_image():
    parsed = parse("FROM a AS x\nRUN 1\nFROM b AS y\nRUN 2\nFROM x AS z\nRUN 3\nFROM z\nRUN 4")
    assert [one.value for one in parsed.chain()] == ["1", "3", "4"]
    assert [one.value for one in parsed.chain("y")] == ["2"]


def test_a_name_used_twice_means_the_last_before():
    parsed = parse("FROM a AS x\nFROM x AS x\nFROM x")
    assert [stage.base_stage for stage in parsed.stages] == [None, 0, 1]


def test_build_arguments_replace_defaults():
    text = "ARG REG=docker.test ARG2=$REG/lib\nARG NONE\nFROM --platform=$P ${ARG2}/py:$V\n"
    text = text.replace("ARG2", "NS")
    assert parse(text).stages[0].base == "docker.test/lib/py:"
    stage = parse(text, {"REG": "r", "V": "undeclared"}).stages[0]
    assert (stage.base, stage.platform) == ("r/lib/py:", "")
    assert parse("ARG IMG\nFROM $IMG").stages[0].base == "$IMG"
    assert parse("FROM x-$TARGETARCH", {"TARGETARCH": "arm64"}).stages[0].base == "x-arm64"


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("", None, "the Dockerfile is empty", "FROM"),
        ("# only this\n\n", None, "the Dockerfile is empty", "FROM"),
        ("ARG x", None, "has no FROM", "FROM"),
        ("RUN x\nFROM y", 1, "RUN stands before the first FROM: RUN x", "only ARG"),
        ("FROM x\nRNU pip", 2, "unknown instruction RNU: RNU pip", "did you mean RUN?"),
        ("FROM x\nRUN a\n  pip install", 3, "unknown instruction PIP", "\\"),
        ("FORM x", 1, "unknown instruction FORM", "did you mean FROM?"),
        ("FROM x\n\\\n", 2, "continues nothing", "escape"),
        ("FROM", 1, "FROM names no base", "python"),
        ("FROM a b", 1, "FROM takes an image", "AS"),
        ("FROM a AS 1x", 1, "'1x' cannot name a stage", "letter"),
        ("FROM x\nCOPY a", 2, "COPY needs a source and a destination: COPY a", "COPY app.py ."),
        ("FROM x\nADD a", 2, "ADD needs a source and a destination", "ADD"),
        ("FROM x\nCOPY --from=0 a b", 2, "COPY --from=0 names no earlier stage", "no stage"),
        ("FROM x\nFROM y\nCOPY --from=1 a b", 3, "--from=1 names no earlier", "it can be 0"),
        ("FROM x\nCOPY a <<E\nE", 2, "cannot write into a here-document", "destination"),
        ("FROM x\nCOPY --form=y a b", 2, "COPY has no flag --form", "did you mean --from?"),
        ("FROM x\nCOPY --from y a b", 2, "--from has no value", "without a space"),
        ("FROM x\nCOPY --link=maybe a b", 2, "--link is a switch", "--link"),
        ("FROM x\nCOPY --from=a --from=b c d", 2, "--from is given twice", "one"),
        ("FROM x\nUSER --x=1 y", 2, "USER has no flag --x", "no flags"),
        ("FROM x\n\nRUN <<EOF\na\n", 3, "never closed: RUN <<EOF", "only EOF"),
        ("FROM x\nCMD [1, 2]", 2, "strings only: CMD [1, 2]", "double quotes"),
        ("FROM x\nSHELL bash", 2, "SHELL needs a JSON list", "SHELL ["),
        ("FROM x\nENV a", 2, "ENV has a name and no value: ENV a", "ENV a=value"),
        ("FROM x\nENV a=1 b", 2, "cannot find the = in 'b'", "quotes"),
        ("FROM x\nENV =1", 2, "a value without a name", "name=value"),
        ("FROM x\nUSER", 2, "USER needs an argument", "USER 1000"),
        ("FROM x\nHEALTHCHECK curl x", 2, "CMD or NONE, not curl", "HEALTHCHECK CMD curl x"),
        ("FROM x\nHEALTHCHECK NONE x", 2, "takes no arguments", "NONE"),
        ("FROM x\nHEALTHCHECK CMD", 2, "names no command", "curl"),
        ("FROM x\nONBUILD ONBUILD RUN x", 2, "ONBUILD cannot trigger ONBUILD", ""),
        ("# escape=`\n# escape=`\nFROM x", 2, "a second '# escape='", "one"),
        ("# escape=x\nFROM x", 1, "the escape character cannot be 'x'", "backtick"),
        ("FROM ${A:?which}", 1, "A: which: FROM ${A:?which}", "argument A"),
        ("FROM " + "${a:-" * 9999, 1, "nested too deeply", "brace"),
        ("FROM x\nONBUILD" + " ONBUILD" * 7000, 2, "cannot trigger ONBUILD", ""),
        ("FROM 'x", 1, "single quote is never closed", "close"),
        ("FROM x\nRUN " + "y" * 70_000, 2, "longer than 65535 bytes", "COPY"),
    ],
)
def test_mistakes_name_the_line_and_a_way_out(text, line, what, hint):
    with pytest.raises(DockerfileError) as caught:
        parse(text)
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.line == line
    assert line is None or f"line {line}" in caught.value.what
    assert len(caught.value.what) < 250


def test_load_reads_a_file_and_says_what_there_is_instead(tmp_path):
    (tmp_path / "bad.Dockerfile").write_text("FROM x")
    (tmp_path / "bad.Dockerfile.dockerignore").write_text("")
    assert load(tmp_path / "bad.Dockerfile").stages[0].base == "x"
    with pytest.raises(UsageError, match="there is no Dockerfile in") as caught:
        load(tmp_path / "Dockerfile")
    assert "bad.Dockerfile;" in caught.value.hint
    assert "dockerignore" not in caught.value.hint
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)
