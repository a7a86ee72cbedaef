from __future__ import annotations

from mldocker_lab.build.classic import ClassicDialect
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.report.events import Built, Failed, Finished, Output, Started
from mldocker_lab.report.fold import fold

DOCKERFILE = parse("FROM base\nRUN one\nCOPY a /a\nRUN two\n")
LABEL = [
    "Step 5/5 : LABEL mldocker_lab=image",
    " ---> Running in 77ff\n",
    " ---> Removed intermediate container 77ff\n",
    " ---> 0005\n",
]


def played(*lines, image="sha256:0005", error=""):
    """The events of a stream; a line arrives every second."""
    dialect = ClassicDialect(DOCKERFILE)
    messages = [{"stream": line} for line in lines]
    messages += [{"aux": {"ID": image}}] if image else []
    messages += [{"error": error}] if error else []
    events = [e for at, m in enumerate(messages) for e in dialect.events(m, float(at))]
    return [*events, *dialect.end(float(len(messages)))]


def statuses(events):
    return [step.status for step in fold(DOCKERFILE, events, name="x", builder="classic").steps]


def test_steps_run_cached_and_the_label_that_is_nobodys():
    events = played(
        "Step 1/5 : FROM base", "\n", " ---> 0001\n",
        "Step 2/5 : RUN one", "\n", " ---> Using cache\n", " ---> 0002\n",
        "Step 3/5 : COPY a /a", "\n", " ---> 0003\n",
        "Step 4/5 : RUN two", "\n", " ---> Running in ab12\n", "out\n",
        "\x1b[91merr\n\x1b[0m", " ---> Removed intermediate container ab12\n", " ---> 0004\n",
        *LABEL,
    )  # fmt: skip
    assert statuses(events) == ["metadata", "cached", "run", "run"]
    assert [e for e in events if isinstance(e, Started)][-1] == Started(3, 10.0)
    assert [e for e in events if isinstance(e, Output)] == [
        Output(3, 13.0, "out\n"),
        Output(3, 14.0, "err\n"),
    ]
    assert [e for e in events if isinstance(e, Finished)][-1] == Finished(
        3, 17.0, cached=False, seconds=7.0
    )
    assert events[-1] == Built(22.0, "sha256:0005")


def test_the_older_word_for_removed():
    events = played(
        "Step 1/5 : FROM base", "Step 2/5 : RUN one", " ---> Running in ab12\n",
        "Removing intermediate container ab12\n", " ---> 0002\n", "Step 3/5 : COPY a /a",
    )  # fmt: skip
    assert [e.step for e in events if isinstance(e, Started)] == [0, 1, 2]
    assert not [e for e in events if isinstance(e, Output)]


def test_a_program_that_prints_the_builders_words_fools_nobody():
    events = played(
        "Step 1/5 : FROM base", "Step 2/5 : RUN one", " ---> Running in ab12\n",
        " ---> Using cache\n", "Step 4/5 : RUN two", " ---> Using cache\n",
        " ---> Removed intermediate container ffff\n", "Step 4/5 : RUN two\n",
        " ---> Removed intermediate container ab12\n", " ---> 0002\n",
        "Step 3/5 : COPY a /a", " ---> 0003\n",
        "Step 4/5 : RUN two", " ---> Running in cd34\n",
        " ---> Removed intermediate container cd34\n", *LABEL,
    )  # fmt: skip
    assert statuses(events) == ["metadata", "run", "run", "run"]
    assert sum(isinstance(e, Output) for e in events) == 5


def test_a_program_that_knows_its_containers_name_cannot_turn_runs_into_hits():
    events = played(
        "Step 1/5 : FROM base", "Step 2/5 : RUN one", " ---> Running in ab12\n",
        " ---> Removed intermediate container ab12\n", " ---> 0002\n",
        "Step 3/5 : COPY a /a", " ---> 0003\n",
        "Step 4/5 : RUN two", " ---> Running in cd34\n",
        " ---> Removed intermediate container cd34\n",  # printed, as are the next four
        "Step 2/5 : RUN one", " ---> Using cache\n", "Step 3/5 : COPY a /a", " ---> Using cache\n",
        " ---> Removed intermediate container cd34\n", *LABEL,
    )  # fmt: skip
    assert statuses(events) == ["metadata", "run", "run", "run"]


def test_a_failing_step_is_named():
    events = played("Step 1/5 : FROM base", "Step 2/5 : RUN one", image="", error="code: 1")
    assert events[-1] == Failed(1, 2.0, "code: 1")


def test_a_stream_that_just_ends_has_no_end_event():
    events = played("Step 1/5 : FROM base", image="")
    assert not [e for e in events if isinstance(e, Built | Failed)]
