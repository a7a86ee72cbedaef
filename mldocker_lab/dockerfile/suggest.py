"""What an ignore file for an ML project could keep out, of what is there.

Nothing that a COPY or ADD names is ever suggested: not the path itself, nor a folder above it,
and inside a named folder only what tools leave behind (caches, bytecode, history). What an image
may need at run time, such as model weights, is proposed as "look first" and stays a comment.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.dockerfile.lookalikes import secret
from mldocker_lab.dockerfile.sources import Tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mldocker_lab.dockerfile.context import Context, Entry

__all__ = ["Suggestion", "as_text", "suggest"]

_Kind = Literal["left behind", "content", "look first", "wakes COPY"]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Names that mean the same, and why an image can do without them.

    Attributes:
        names: file-name wildcards, separated by spaces; a trailing slash means folders only.
        why: the reason, in a few words.
        kind: "left behind" by tools; "content" of the project; "look first" if images may need it;
            "wakes COPY" if it matters only because an edit of it is a new key for ``COPY . .``.
        top: only at the top of the context: deeper, the name means something else.
        holds: only a folder that holds a file of this name.
    """

    names: str
    why: str
    kind: _Kind = "left behind"
    top: bool = False
    holds: str = ""


_RULES = (
    _Rule(".git/ .hg/ .svn/", "history: what was ever deleted is still in it"),
    _Rule(".venv/ node_modules/", "packages of this machine; the image installs its own"),
    _Rule("venv/ env/ .env/ virtualenv/", "packages of this machine", holds="pyvenv.cfg"),
    _Rule("__pycache__/ *.py[co]", "bytecode; Python makes it again"),
    _Rule(".ipynb_checkpoints/", "copies that Jupyter keeps of notebooks"),
    _Rule(
        ".mypy_cache/ .pytest_cache/ .ruff_cache/ .hypothesis/ .tox/ .nox/ .eggs/ *.egg-info/ "
        ".cache/ .coverage htmlcov/",
        "caches of tools",
    ),
    _Rule(".idea/ .vscode/ .DS_Store Thumbs.db *.swp *~", "left by editors and file managers"),
    _Rule("wandb/", "runs that Weights & Biases recorded"),
    _Rule("mlruns/ mlartifacts/ mlflow.db", "runs that MLflow recorded"),
    _Rule(
        "lightning_logs/ tb_logs/ events.out.tfevents* catboost_info/ multirun/ .neptune/ .aim/",
        "records of training runs",
    ),
    _Rule("runs/", "records of training runs", holds="events.out.tfevents*"),
    _Rule("outputs/", "records of training runs", kind="content", top=True),
    _Rule("*.log nohup.out", "logs"),
    _Rule(".dvc/", "DVC's cache of the data"),
    _Rule(
        "data/ dataset/ datasets/",
        "data: mount it, or fetch it where it is needed",
        kind="content",
        top=True,
    ),
    _Rule(
        "checkpoints/ checkpoint-*/ *.ckpt", "states of training, not the final model", "content"
    ),
    _Rule("notebooks/", "notebooks are for people", "content", top=True),
    _Rule("*.ipynb", "notebooks are for people", "content"),
    _Rule(
        "Dockerfile *.Dockerfile Dockerfile.* .dockerignore *.dockerignore compose*.y*ml "
        "docker-compose*.y*ml .gitignore .gitattributes .github/ .gitlab-ci.yml "
        ".pre-commit-config.yaml",
        "an edit of it makes `COPY . .` run again",
        kind="wakes COPY",
        top=True,
    ),
    _Rule("models/ weights/", "model weights", "look first", top=True),
    _Rule("*.pt *.pth *.safetensors *.gguf *.onnx *.h5 *.hdf5", "model weights", "look first"),
    _Rule("*.pkl *.joblib *.npy *.npz *.parquet *.feather *.arrow", "data or models", "look first"),
    _Rule("*.csv *.tsv *.jsonl", "data", "look first"),
    _Rule("*.tar *.tar.gz *.tgz *.zip *.mp4 *.whl", "archives", "look first"),
)
_SPECIAL = re.compile(r"([\\*?\[\]])")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line for the ignore file.

    Attributes:
        pattern: the line.
        why: the reason, in a few words.
        files: how many files it keeps out that no line above it does.
        bytes: their sizes.
        look_first: an image may need these; only people can tell.
    """

    pattern: str
    why: str
    files: int
    bytes: int
    look_first: bool = False


@dataclass(slots=True)
class _Group:
    """What one line would keep out, before it is known what that saves."""

    pattern: str
    rule: _Rule
    members: list[Entry] = field(default_factory=list)
    look_first: bool = False


def suggest(
    context: Context, paths: Collection[str] = (), mentioned: str = ""
) -> tuple[Suggestion, ...]:
    """Lines that would keep more out of a context; those that save most come first.

    Args:
        context: what is sent now.
        paths: the sources of COPY and ADD, as ``sources`` gives them; none if nobody knows them.
        mentioned: text of the instructions that may use files by name, such as RUN and CMD.
    """
    entries = [entry for entry in context.entries if not entry.ignored]
    entries.sort(key=lambda entry: entry.name.split("/"))  # a folder right before what is in it
    named = _Named(Tree(entries), paths)
    groups = []
    for group in _groups(entries):
        kind = group.rule.kind
        if named.forbids(group) or (kind == "wakes COPY" and not named.everything):
            continue
        spoken = kind == "content" and _spoken_of(group.pattern, mentioned)
        group.look_first = spoken or kind == "look first"
        groups.append(group)
    return _weighed(entries, groups)


def as_text(suggestions: Iterable[Suggestion]) -> str:
    """The lines to append to an ignore file, each reason above its lines."""
    lines: list[str] = []
    for first, heading in ((False, ""), (True, " (look first: does the image need it?)")):
        reasons: dict[str, list[str]] = defaultdict(list)
        for one in suggestions:
            if one.look_first is first:
                reasons[one.why].append(("# " if first else "") + one.pattern)
        for why, patterns in reasons.items():
            lines += [f"# {why}{heading}", *patterns]
    return "".join(f"{line}\n" for line in lines)


class _Named:
    """What the Dockerfile names, and what that forbids to ignore.

    Attributes:
        everything: it takes the whole context somewhere (COPY . and COPY * name nothing).
    """

    def __init__(self, tree: Tree, paths: Collection[str]) -> None:
        self.everything = not paths or any(not path.strip("*") for path in paths)
        self._exactly: set[str] = set()
        for path in paths:
            if path.strip("*"):
                self._exactly |= (tree.named(path) - {""}) | {path}
        self._above = {above for name in self._exactly for above in _parents(name)}
        self._inside = tuple(f"{name}/" for name in self._exactly)

    def forbids(self, group: _Group) -> bool:
        """Whether one of its members is named, holds something named, or is content of it."""
        harmless = group.rule.kind in ("left behind", "wakes COPY")
        return any(
            entry.name in self._exactly
            or entry.name in self._above
            or (not harmless and entry.name.startswith(self._inside))
            for entry in group.members
        )


def _parents(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


class _Names:
    """All rules as one expression over file names; each name is asked once."""

    def __init__(self, rules: Iterable[_Rule]) -> None:
        self._of: dict[str, tuple[_Rule, str]] = {}
        parts = []
        for rule in rules:
            for glob in rule.names.split():
                group = f"g{len(self._of)}"
                self._of[group] = (rule, glob)
                regex = fnmatch.translate(glob.rstrip("/"))
                parts.append(f"(?P<{group}>{regex.replace('(?s:', '(?:')})")
        self._regex = re.compile("|".join(parts), re.DOTALL)
        self._known: dict[str, tuple[_Rule, str] | None] = {}

    def rule(self, name: str) -> tuple[_Rule, str] | None:
        """The first rule that knows this file name, and the wildcard it knows it by."""
        if name not in self._known:
            found = self._regex.match(name)
            self._known[name] = self._of[found.lastgroup] if found and found.lastgroup else None
        return self._known[name]


def _groups(entries: list[Entry]) -> list[_Group]:
    """What the rules know, a group for each wildcard; inside such a folder nothing is asked."""
    top, deep = _Names(_RULES), _Names(rule for rule in _RULES if not rule.top)
    marked = _marked(entries)
    groups: dict[str, _Group] = {}
    inside: set[str] = set()
    for entry in entries:
        folder, _, name = entry.name.rpartition("/")
        if folder in inside:
            inside |= {entry.name} if entry.kind == "folder" else set()
            continue
        found = (deep if folder else top).rule(name)
        if found is None or not _applies(*found, entry, marked):
            found = _looks_secret(entry)
        if found:
            rule, glob = found
            group = groups.setdefault(glob, _Group(glob.rstrip("/"), rule))
            group.members.append(entry)
            inside |= {entry.name} if entry.kind == "folder" else set()
    for group in groups.values():
        group.pattern = _placed(group)
    return list(groups.values())


def _applies(rule: _Rule, glob: str, entry: Entry, marked: Mapping[str, set[str]]) -> bool:
    if glob.endswith("/") and entry.kind != "folder":
        return False
    return not rule.holds or rule.holds in marked[entry.name]


def _looks_secret(entry: Entry) -> tuple[_Rule, str] | None:
    if entry.kind != "file" or not secret(entry.name):
        return None
    name = _escaped(entry.name.rpartition("/")[2])
    return _Rule(name, "looks like a secret"), name


def _marked(entries: list[Entry]) -> dict[str, set[str]]:
    """For every folder, which of the wildcards that rules ask for match a file somewhere in it."""
    holds = [rule.holds for rule in _RULES if rule.holds]
    matches = [(mark, re.compile(fnmatch.translate(mark)).match) for mark in dict.fromkeys(holds)]
    found: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        name = entry.name.rpartition("/")[2]
        for mark, match in matches:
            if match(name):
                for folder in _parents(entry.name):
                    found[folder].add(mark)
    return found


def _placed(group: _Group) -> str:
    """The pattern as short as it can be: ``**/`` only where something lies deeper."""
    deep = any("/" in entry.name for entry in group.members)
    return f"**/{group.pattern}" if deep or group.pattern.startswith(("!", "#")) else group.pattern


def _escaped(name: str) -> str:
    return _SPECIAL.sub(r"\\\1", name)


def _spoken_of(pattern: str, text: str) -> bool:
    """Whether a RUN, CMD or the like mentions a name, as in ``--model checkpoints/best.ckpt``."""
    name = pattern.removeprefix("**/")
    word = re.escape(name.lstrip("*"))
    before = r"(?<![\w-])" if not name.startswith("*") else ""
    return re.search(rf"{before}{word}(?![\w-])", text) is not None


def _weighed(entries: list[Entry], groups: list[_Group]) -> tuple[Suggestion, ...]:
    """Each line with what it keeps out, by the rules that a build goes by."""
    owner = {entry.name: i for i, group in enumerate(groups) for entry in group.members}
    lines = [Patterns.parse(group.pattern) for group in groups]
    files, sizes = [0] * len(groups), [0] * len(groups)
    for entry in entries:
        number = owner.get(entry.name, owner.get(entry.name.rpartition("/")[0]))
        if number is None:
            continue
        owner[entry.name] = number
        if entry.kind != "folder" and lines[number].decide(entry.name):
            files[number] += 1
            sizes[number] += entry.size
    made = [
        Suggestion(group.pattern, group.rule.why, files[i], sizes[i], group.look_first)
        for i, group in enumerate(groups)
        if files[i]
    ]
    return tuple(sorted(made, key=lambda one: (one.look_first, -one.bytes, one.pattern)))
