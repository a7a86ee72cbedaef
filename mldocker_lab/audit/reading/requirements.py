"""Requirements as people write them, and the files they stand in: is each one an exact version?"""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Requirement", "file_requirements", "is_lock", "requirement"]

_SPEC = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)\Z", re.DOTALL)
_EXACT = re.compile(r"={2,3}\s*v?[^\s,*<>=!~]+")
_CONDA = re.compile(r"(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)\s*(.*)\Z", re.DOTALL)
_VCS = re.compile(r"(?:git|hg|svn|bzr)\+")
_URL = re.compile(r"[a-z][a-z+]*://")
_ARCHIVE = re.compile(r"\.(whl|tar\.gz|tgz|zip|tar\.bz2)(?:$|[#?])")
_IN_NAME = re.compile(r"-v?\d+(\.\d+)+|/v?\d+(\.\d+)+|[0-9a-f]{40}|#sha256=")
_BRANCHES = frozenset(["main", "master", "dev", "develop", "HEAD", "latest", "nightly", "trunk"])
_LOCKS = frozenset(
    [
        "poetry.lock",
        "uv.lock",
        "Pipfile.lock",
        "pdm.lock",
        "conda-lock.yml",
        "pixi.lock",
        "pylock.toml",
    ]
)
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that is asked for.

    Attributes:
        text: as it is written.
        name: the package in lower case with dashes; "" for paths and addresses without a name.
        pinned: to one exact version; None if that cannot be told from here.
        version: the exact version; "" if it has none.
        line: where it stands in its file; 0 on a command line.
        local: a path: it is what the build brings along.
    """

    text: str
    name: str
    pinned: bool | None = None
    version: str = ""
    line: int = 0
    local: bool = False

    @property
    def newest(self) -> bool:
        """It has no exact version, and nothing keeps the newest one out."""
        return self.pinned is False and not re.search(r"<|~=|==", self.text)


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_lock(name: str) -> bool:
    """Whether a file of that name holds exact versions by its nature."""
    base = posixpath.basename(name)
    return base in _LOCKS or base.endswith(".conda.lock") or base.startswith("conda-linux-64")


def requirement(text: str, *, known: bool = True, line: int = 0) -> Requirement:
    """One requirement in pip's grammar: a name with a specifier, a path, or an address."""
    text = text.strip()
    body = text.partition(" ;")[0].partition(";")[0].strip()
    name, at, address = body.partition("@")
    if at and (_URL.search(address) or _VCS.match(address.strip())) and "/" not in name:
        inner = _address(address.strip(), line)
        return Requirement(text, normal(name.partition("[")[0].strip()), inner.pinned, "", line)
    if _VCS.match(body) or _URL.match(body):
        return _address(body, line)
    if body.startswith((".", "/", "~", "file:")) or _ARCHIVE.search(body) or _is_path(body):
        return Requirement(text, "", None, line=line, local=True)
    match = _SPEC.match(body)
    if not match:
        return Requirement(text, "", None, line=line)
    name, _, spec = match.groups()
    exact = _EXACT.search(spec)
    if exact and "$" not in exact.group() and "{" not in exact.group():
        rest = spec[exact.end() :]
        sure = not rest.startswith("*")
        return Requirement(
            text, normal(name), sure, exact.group().lstrip("= ") if sure else "", line
        )
    if exact:
        return Requirement(text, normal(name), pinned=True, line=line)
    if not known:
        return Requirement(text, normal(name) if spec else "", None, line=line)
    return Requirement(text, normal(name), pinned=False, line=line)


def _is_path(body: str) -> bool:
    return (
        "/" in body and "[" not in body.partition("/")[0] and "==" not in body and "<" not in body
    )


def _address(text: str, line: int) -> Requirement:
    egg = re.search(r"#egg=([\w.-]+)", text)
    name = normal(egg.group(1)) if egg else ""
    if _VCS.match(text):
        path = text.partition("://")[2] or text
        ref = path.rpartition("@")[2].partition("#")[0] if "@" in path.partition("/")[2] else ""
        if not name:
            name = normal(
                posixpath.basename(path.partition("@")[0]).partition(".git")[0].partition("#")[0]
            )
        if "$" in ref:
            return Requirement(text, name, pinned=True, line=line)
        pinned = bool(ref) and ref not in _BRANCHES and bool(re.search(r"\d", ref))
        return Requirement(text, name, pinned, line=line)
    base = posixpath.basename(text.partition("#")[0].partition("?")[0])
    pinned = bool(_IN_NAME.search(text))
    if base.endswith(".whl") and base.count("-") > 1:
        name, version = base.split("-")[:2]
        exact = version[:1].isdigit()  # a host may serve its newest as "any"
        version = version.partition("%")[0] if exact else ""
        return Requirement(text, normal(name), exact, version, line)
    return Requirement(text, name, pinned, line=line)


def conda(text: str, *, known: bool = True, line: int = 0) -> Requirement:
    """One requirement in conda's grammar: ``name=1.2``, ``name==1.2``, ``name 1.2``."""
    text = text.strip().strip("\"'")
    match = _CONDA.match(text)
    if not match:
        return Requirement(text, "", None, line=line)
    name, spec = match.groups()
    spec = spec.strip().strip("\"'")
    exact = re.match(r"(?:={1,2}|\s*)v?(\d[\w.+!-]*)(=[\w.*]+)?\Z", spec)
    if exact:
        return Requirement(text, normal(name), pinned=True, version=exact.group(1), line=line)
    if "$" in spec and spec.startswith("="):
        return Requirement(text, normal(name), pinned=True, line=line)
    return Requirement(text, normal(name), False if known else None, line=line)


def file_requirements(
    path: str,
    read: Callable[[str], str | None],
    depth: int = 0,
    extras: frozenset[str] = frozenset(),
) -> list[tuple[str, Requirement]] | None:
    """Every requirement of a file, with the file it stands in; None if it is not at hand.

    Args:
        path: requirements.txt, pyproject.toml, environment.yml, Pipfile, setup.py or setup.cfg.
        read: gives the text of a file.
        depth: how many ``-r`` led here.
        extras: the extras of a project that are asked for.
    """
    text = read(path)
    if text is None or depth > _DEEPEST:
        return None
    base = posixpath.basename(path)
    if is_lock(path):
        return []
    try:
        if base == "pyproject.toml":
            return [(path, one) for one in _pyproject(text, extras)]
        if base == "Pipfile":
            return [(path, one) for one in _pipfile(text)]
    except (ValueError, tomllib.TOMLDecodeError, AttributeError, TypeError):
        return None
    if base.endswith((".yml", ".yaml")):
        return [(path, one) for one in _environment(text)]
    if base == "setup.py":
        found = _setup(text)
        if found is None:  # computed, often from the requirements file beside it
            beside = re.search(r"[\"'](requirements[\w.-]*\.txt)[\"']", text)
            other = posixpath.join(posixpath.dirname(path), beside.group(1)) if beside else ""
            return file_requirements(other, read, depth + 1) if other else None
        return [(path, one) for one in found]
    if base == "setup.cfg":
        return [(path, one) for one in _setup_cfg(text, extras)]
    return list(_requirements(path, text, read, depth))


def _logical(text: str) -> Iterator[tuple[int, str]]:
    begun, number = "", 0
    for at, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        stripped = re.sub(r"(^|\s)#.*$", "", line) if not begun else line
        if not begun:
            number = at
        if stripped.rstrip().endswith("\\"):
            begun += stripped.rstrip()[:-1] + " "
            continue
        yield number, re.sub(r"(^|\s)#.*$", "", begun + stripped).strip()
        begun = ""
    if begun:
        yield number, begun.strip()


def _requirements(
    path: str, text: str, read: Callable[[str], str | None], depth: int
) -> Iterator[tuple[str, Requirement]]:
    folder = posixpath.dirname(path)
    for number, line in _logical(text):
        if not line:
            continue
        nested = re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line)
        if nested:
            other = posixpath.normpath(posixpath.join(folder, nested.group(1)))
            found = file_requirements(other, read, depth + 1)
            unknown = Requirement(line, "", None, line=number)
            yield from [(path, unknown)] if found is None else found
            continue
        editable = re.match(r"(?:-e|--editable)[\s=]*(\S+)", line)
        if editable:
            yield path, requirement(editable.group(1), line=number)
        elif re.match(r"(-i|--index-url|--extra-index-url|-f|--find-links)\b", line):
            yield path, Requirement(line, "", pinned=True, line=number, local=True)
        elif not line.startswith("-"):
            body = re.sub(r"\s--(hash|config-settings?|global-option|install-option).*$", "", line)
            yield path, requirement(body, known="${" not in body, line=number)


def _pyproject(text: str, extras: frozenset[str]) -> Iterator[Requirement]:
    data = tomllib.loads(text)
    lines = text.splitlines()
    project = data.get("project", {})
    asked = list(project.get("dependencies", []))
    for name in extras:
        asked += project.get("optional-dependencies", {}).get(name, [])
    for one in asked:
        yield requirement(str(one), line=_line_of(lines, str(one)))
    tool = data.get("tool", {})
    yield from _tables(tool.get("poetry", {}).get("dependencies", {}), lines)
    for index in tool.get("uv", {}).get("index", []):
        url = str(index.get("url", ""))
        yield Requirement(
            f"--index-url {url}", "", pinned=True, line=_line_of(lines, url), local=True
        )


def _setup(text: str) -> list[Requirement] | None:
    """``install_requires`` of a setup.py, if it is a plain list; None if it is computed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lists = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            value = lists.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
            if isinstance(value, ast.List) and all(isinstance(e, ast.Constant) for e in value.elts):
                return [
                    requirement(str(e.value), line=e.lineno)
                    for e in value.elts
                    if isinstance(e, ast.Constant)
                ]
            return None
    return None


def _setup_cfg(text: str, extras: frozenset[str]) -> Iterator[Requirement]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return
    lines = text.splitlines()
    asked = [parser.get("options", "install_requires", fallback="")]
    asked += [parser.get("options.extras_require", name, fallback="") for name in extras]
    for one in "\n".join(asked).splitlines():
        if one.strip():
            yield requirement(one, line=_line_of(lines, one.strip()))


def _pipfile(text: str) -> Iterator[Requirement]:
    yield from _tables(tomllib.loads(text).get("packages", {}), text.splitlines())


def _tables(packages: dict[str, Any], lines: list[str]) -> Iterator[Requirement]:
    for name, value in packages.items():
        if name == "python":
            continue
        version = value if isinstance(value, str) else str(dict(value).get("version", "*"))
        pinned = bool(re.match(r"={0,3}\s*\d[\w.]*$", version)) and "*" not in version
        yield Requirement(f"{name} {version}", normal(name), pinned, line=_line_of(lines, name))


def _environment(text: str) -> Iterator[Requirement]:
    """The dependencies of conda's environment file; read line by line, as it is always written."""
    inside, pip_indent = False, -1
    for number, line in enumerate(text.splitlines(), 1):
        body = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if re.match(r"dependencies\s*:", body):
            inside = True
            continue
        if inside and body and not body.startswith((" ", "-", "\t")):
            inside = False
        item = re.match(r"(\s*)-\s*(.+)$", body)
        if not inside or not item:
            continue
        indent, word = len(item.group(1)), item.group(2).strip().strip("\"'")
        if pip_indent >= 0 and indent <= pip_indent:
            pip_indent = -1
        if re.match(r"pip\s*:$", word):
            pip_indent = indent
        elif pip_indent < 0:
            if word != "pip":
                yield conda(word, line=number)
        elif word.startswith("-"):
            yield Requirement(word, "", None, line=number)
        else:
            yield requirement(word, line=number)


def _line_of(lines: list[str], text: str) -> int:
    return next((i for i, line in enumerate(lines, 1) if text in line), 0)
