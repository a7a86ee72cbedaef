"""Which Python packages a command installs, and from where: pip, uv, conda, poetry, pipenv, …."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.requirements import Requirement, conda, requirement
from mldocker_lab.audit.reading.wrappers import CONDAS, after_options

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.shell import Command, Word
    from mldocker_lab.audit.reading.step import Step

__all__ = ["Install", "install", "installs_of"]

_PIP = re.compile(r"pip(\d+(\.\d+)?)?$")
_PYTHON = re.compile(r"(python|pypy)(\d+(\.\d+)?)?$")
_WITH_VALUE = frozenset(
    """
-r --requirement -c --constraint -e --editable -i --index-url --extra-index-url -f --find-links
-t --target --prefix --root --platform --python-version --progress-bar --timeout
--default-timeout --retries --trusted-host --proxy --cache-dir --src --upgrade-strategy
--no-binary --only-binary --global-option --install-option --build-option --config-settings
--config-setting -C --log --python -p --exists-action --cert --client-cert --use-feature
--use-deprecated --report --implementation --abi --root-user-action --index-strategy
--torch-backend --prerelease --resolution --index --default-index --group --extra --override
--overrides --build-constraint --build-constraints --no-build-isolation-package --link-mode
--keyring-provider --exclude-newer --python-platform --refresh-package --reinstall-package
--upgrade-package -P --allow-insecure-host --fork-strategy --config-file --directory --project
--isolated-prefix -d --dest -w --wheel-dir --no-install-package --no-emit-package
""".split()
)
_SHORT_WITH_VALUE = "rceiftCpdPw"
_CONDA_VALUES = frozenset(
    """
-n --name -p --prefix -c --channel --file -f --solver --repodata-fn -r --root-prefix
""".split()
)


@dataclass(frozen=True)
class Install:
    """One command that installs Python packages.

    Attributes:
        tool: "pip", "uv", "conda", "poetry", "pipenv", "pixi", "pdm" or "setup.py".
        step: the RUN it stands in.
        command: the command.
        packages: what it names.
        files: requirement files it reads; a word that holds an unknown variable is kept as it is.
        options: its options, with their values.
        constrained: a constraints file decides about versions, too.
        project: it installs a project from a folder; its dependencies stand elsewhere.
        locked: it takes exact versions from a lock, by its nature or by an option.
        redirected: packages whose ``>`` was a redirection to the shell.
    """

    tool: str
    step: Step
    command: Command
    packages: tuple[Requirement, ...] = ()
    files: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    constrained: bool = False
    project: bool = False
    locked: bool = False
    redirected: tuple[str, ...] = ()
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def option(self, *names: str) -> str | None:
        """The value of the first of these options that is given; "" if it has none."""
        return next((value for key, value in self.options if key in names), None)

    def all(self, *names: str) -> list[str]:
        """All values of these options."""
        return [value for key, value in self.options if key in names]

    @property
    def names(self) -> frozenset[str]:
        """The packages it names."""
        return frozenset(one.name for one in self.packages if one.name)


def installs_of(step: Step) -> tuple[Install, ...]:
    """The commands of a RUN that install Python packages."""
    if step.keyword != "RUN":
        return ()
    return tuple(one for command in step.plain if (one := install(step, command)))


def install(step: Step, command: Command) -> Install | None:
    """What this command (without wrappers) installs; None if it installs no Python packages."""
    if not command.words:
        return None
    name, texts = _program(command), command.texts
    if _PYTHON.match(name):
        return _python(step, command)
    if _PIP.match(name):
        return _pip("pip", step, command, 1)
    if name == "easy_install":
        return _pip("pip", step, command, 1, done=True)
    if name == "pipx":
        return _pip("pip", step, command, 2, done=True) if "install" in texts[1:2] else None
    if name == "uv":
        return _uv(step, command)
    if name in CONDAS:
        return _conda(step, command)
    return _project(step, command)


def _program(command: Command) -> str:
    """The program's name; for a variable that nobody knows, what it stands for by its use."""
    if command.words[0].known:
        return command.name
    if command.texts[1:2] == ("-m",):
        return "python"
    return "pip" if re.search(r"pip\d*\}?$", command.name, re.IGNORECASE) else command.name


def _python(step: Step, command: Command) -> Install | None:
    """``python -m pip …`` and ``python setup.py install``."""
    texts = command.texts
    rest = enumerate(texts[1:], 1)
    at = next((i for i, text in rest if not text.startswith("-") or text == "-m"), len(texts))
    if texts[at : at + 1] == ("-m",) and texts[at + 1 : at + 2]:
        known = texts[at + 1] in ("pip", "uv", "poetry", "pipenv", "conda", "pdm")
        return install(step, command.shifted(at + 1)) if known else None
    script = next(iter(texts[at : at + 1]), "")
    if script.endswith("setup.py") and {"install", "develop"} & set(texts):
        return Install("setup.py", step, command, project=True)
    return None


def _pip(tool: str, step: Step, command: Command, at: int, *, done: bool = False) -> Install | None:
    """``pip [options] install …`` with the words from ``at`` on."""
    words = command.words
    options: list[tuple[str, str]] = []
    plain_words: list[Word] = []
    verb = "install" if done else ""
    queue = list(words[at:])
    while queue:
        word = queue.pop(0)
        text = word.text
        if text.startswith("--"):
            key, equals, value = text.partition("=")
            if not equals and key in _WITH_VALUE and queue:
                value = queue.pop(0).text
            options.append((key, value))
        elif text.startswith("-") and len(text) > 1:
            options += _short(text, queue)
        elif not verb:
            verb = text
            if verb not in ("install", "wheel", "download", "sync"):
                return None
        else:
            plain_words.append(word)
    if not verb:
        return None
    packages, places = [], {}
    for word in plain_words:
        one = requirement(word.text, known=word.known)
        packages.append(one)
        places[one.text] = (word.start, word.end)
    editable = [requirement(value) for key, value in options if key in ("-e", "--editable")]
    packages += editable
    files = [value for key, value in options if key in ("-r", "--requirement", "--requirements")]
    if verb == "sync":
        files += [one.text for one in packages]
        packages = []
    redirected = [r.target.text for r in command.redirects if r.target.text.startswith("=")]
    return Install(
        tool,
        step,
        command,
        tuple(packages),
        tuple(files),
        tuple(options),
        constrained=any(k in ("-c", "--constraint", "--constraints") for k, _ in options)
        or _constrains(step),
        project=any(one.local for one in packages),
        locked=any(k == "--require-hashes" for k, _ in options),
        redirected=tuple(redirected),
        places=places,
    )


def _constrains(step: Step) -> bool:
    return any(step.env.get(name) for name in ("PIP_CONSTRAINT", "UV_CONSTRAINT"))


def _short(text: str, queue: list[Word]) -> list[tuple[str, str]]:
    """``-qr file``: a cluster of short options, the last of which may take a value."""
    found: list[tuple[str, str]] = []
    for i, letter in enumerate(text[1:], 1):
        if letter in _SHORT_WITH_VALUE:
            rest = text[i + 1 :].removeprefix("=")
            value = rest or (queue.pop(0).text if queue else "")
            return [*found, (f"-{letter}", value)]
        found.append((f"-{letter}", ""))
    return found


def _uv(step: Step, command: Command) -> Install | None:
    texts = command.texts
    at = after_options(
        texts, 1, ("--directory", "--project", "--python", "-p", "--cache-dir", "--color")
    )
    verb = texts[at] if at < len(texts) else ""
    if verb == "pip":
        return _pip("uv", step, command, at + 1)
    if verb == "tool" and texts[at + 1 : at + 2] == ("install",):
        return _pip("uv", step, command, at + 2, done=True)
    if verb == "add":
        return _pip("uv", step, command, at + 1, done=True)
    if verb == "sync":
        options = tuple(
            (t.partition("=")[0], t.partition("=")[2]) for t in texts[at + 1 :] if t.startswith("-")
        )
        locked = any(key in ("--frozen", "--locked") for key, _ in options)
        locked = locked or any(step.env.get(n) for n in ("UV_FROZEN", "UV_LOCKED"))
        return Install(
            "uv", step, command, files=("uv.lock",), options=options, project=True, locked=locked
        )
    return None


def _conda(step: Step, command: Command) -> Install | None:
    texts = command.texts
    at = after_options(texts, 1, ("-r", "--root-prefix"))
    verb = texts[at] if at < len(texts) else ""
    if verb == "env":
        at += 1
        verb = texts[at] if at < len(texts) else ""
        if verb not in ("create", "update"):
            return None
    elif verb not in ("install", "create", "update", "upgrade"):
        return None
    options: list[tuple[str, str]] = []
    packages, places = [], {}
    queue = list(command.words[at + 1 :])
    while queue:
        word = queue.pop(0)
        text = word.text
        if text.startswith("-"):
            key, equals, value = text.partition("=")
            if not equals and key in _CONDA_VALUES and queue:
                value = queue.pop(0).text
            options.append((key, value))
        else:
            one = conda(text, known=word.known)
            packages.append(one)
            places[one.text] = (word.start, word.end)
    files = tuple(value for key, value in options if key in ("-f", "--file") and value)
    if texts[1:2] == ("env",) and not files:
        files = ("environment.yml",)
    return Install(
        "conda", step, command, tuple(packages), files, tuple(options),
        redirected=tuple(r.target.text for r in command.redirects if r.target.text.startswith("=")),
        places=places,
    )  # fmt: skip


_LOCKED_BY = {
    "poetry": ("poetry.lock", ("install", "sync"), ()),
    "pdm": ("pdm.lock", ("install", "sync"), ("--frozen-lockfile",)),
    "pixi": ("pixi.lock", ("install",), ("--locked", "--frozen")),
    "pipenv": ("Pipfile.lock", ("install", "sync"), ("--deploy", "--ignore-pipfile")),
}


def _project(step: Step, command: Command) -> Install | None:
    """Tools that install what a project's own files ask for."""
    known = _LOCKED_BY.get(command.name)
    texts = command.texts
    if not known:
        return None
    at = after_options(texts, 1, ("-C", "--directory", "-P", "--project"))
    lock, verbs, flags = known
    if at >= len(texts) or texts[at] not in (*verbs, "add"):
        return None
    options = tuple(
        (t.partition("=")[0], t.partition("=")[2]) for t in texts[at + 1 :] if t.startswith("-")
    )
    named = [t for t in texts[at + 1 :] if not t.startswith("-")]
    packages = (
        tuple(requirement(t) for t in named)
        if command.name == "pipenv" or texts[at] == "add"
        else ()
    )
    locked = (texts[at] == "sync" and command.name != "poetry") or any(
        key in flags for key, _ in options
    )
    return Install(
        command.name, step, command, packages, (lock,), options, project=not packages, locked=locked
    )
