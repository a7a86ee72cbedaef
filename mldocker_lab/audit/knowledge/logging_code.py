"""What Python code says about its log: into a file, or to the standard streams."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "file_handler_line",
    "gunicorn_log",
    "log_configurations",
    "log_file_line",
    "streams",
]

_FILE_HANDLERS = re.compile(
    r"(Rotating|TimedRotating|Watched|Async|ConcurrentRotating)*FileHandler$"
)
_OWNERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CONFIGURATION = re.compile(r"[\"']([\w./-]*log[\w./-]*\.(?:ya?ml|json|ini|conf|cfg|toml))[\"']")
_HANDLER_OF_FILES = re.compile(r"^[^#\n]*\bclass\b[^#\n]*FileHandler", re.MULTILINE)
#: What sends each line at once: logging's streams and the servers that use it. print() does not.
_STREAMS = re.compile(
    r"\b(uvicorn|hypercorn|waitress|granian|bentoml|litserve|kserve|gradio|streamlit)\b|"
    r"\blogging\.(basicConfig|getLogger|StreamHandler|info)\b|\bloguru\b|\.run\(\s*host|"
    r"\bapp\.run\(|\.worker_main\(|\.launch\(|web\.run_app\(|flush\s*=\s*True"
)


def streams(code: str) -> bool:
    """It logs through ``logging`` or a server, line by line, to the standard streams."""
    return bool(_STREAMS.search(code))


def log_file_line(code: str, beside: Iterable[str] = ()) -> int:
    """The line where a log is sent into a file that the code itself names; 0 if none is.

    A file that somebody else may name, by a variable of the environment or an option, does not
    count: it may well be the standard output.

    Args:
        code: a module.
        beside: all modules that run, this one among them: a function that none of them names
            is not called. Empty if others may call it: whoever starts this module.
    """
    if not re.search(r"FileHandler|filename|loguru", code):
        return 0
    tree = _parsed(code)
    if tree is None:
        return 0
    texts, beside = _named_texts(tree), tuple(beside)
    for top in tree.body:
        # What has a decorator is called by whoever was handed it: an event of a server, say.
        owner = top.name if isinstance(top, _OWNERS) and not top.decorator_list else ""
        for node in ast.walk(top):
            if isinstance(node, ast.Call):
                path = _log_path(node) or (_sink(node) if "loguru" in code else None)
                if path is not None and _is_written_here(path, texts) and _used(owner, beside):
                    return node.lineno
    return 0


def _used(name: str, codes: tuple[str, ...]) -> bool:
    """Whether some module names a function or class, and not only to define or import it."""
    if not name or not codes:
        return True
    trees = (tree for code in codes if name in code and (tree := _parsed(code)))
    return any(
        name in (getattr(node, "id", None), getattr(node, "attr", None))
        for tree in trees
        for node in ast.walk(tree)
    )


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def gunicorn_log(code: str) -> tuple[int, str]:
    """The line of a gunicorn configuration that names a log file, and the file; 0 if none does."""
    tree = _parsed(code)
    if tree is None:
        return 0, ""
    for node in tree.body:
        names = [t.id for t in getattr(node, "targets", ()) if isinstance(t, ast.Name)]
        if isinstance(node, ast.Assign) and {"accesslog", "errorlog"} & set(names):
            texts = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
            path = next((t for t in texts if isinstance(t, str)), "-")
            if path != "-" and not path.startswith(("/dev/", "/proc/")) and _has_text(node.value):
                return node.lineno, path
    return 0, ""


def _log_path(call: ast.Call) -> ast.expr | None:
    """The path that a call logs into, if it is one that does."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    name = call.func.id if isinstance(call.func, ast.Name) else name
    given = next((word.value for word in call.keywords if word.arg == "filename"), None)
    if name == "basicConfig":
        return given
    if _FILE_HANDLERS.match(name):
        return given or next(iter(call.args), None)
    return None


def _sink(call: ast.Call) -> ast.expr | None:
    """What loguru's ``logger.add`` writes into, if that is a path."""
    ours = isinstance(call.func, ast.Attribute) and call.func.attr == "add"
    named = ours and ast.unparse(call.func).startswith("logger.")
    given = next((word.value for word in call.keywords if word.arg == "sink"), None)
    sink = given or next(iter(call.args), None)
    return sink if named and not isinstance(sink, ast.Attribute | ast.Lambda) else None


def log_configurations(code: str) -> list[str]:
    """The names of files that code configures its log with: ``dictConfig``, ``fileConfig``."""
    if "dictConfig" not in code and "fileConfig" not in code:
        return []
    return [found.rpartition("/")[2] for found in _CONFIGURATION.findall(code)]


def file_handler_line(text: str) -> int:
    """The line of a logging configuration that sends the log into a file; 0 if none does."""
    found = _HANDLER_OF_FILES.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _named_texts(tree: ast.Module) -> frozenset[str]:
    """Names that get a text, or something made of one, somewhere in the code."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _has_text(node.value):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.arguments):
            found |= {name for name, default in _defaults(node) if _has_text(default)}
    return frozenset(found)


def _defaults(given: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """A function's parameters that have a default, with it."""
    plain = [*given.posonlyargs, *given.args]
    last = plain[len(plain) - len(given.defaults) :]
    yield from ((one.arg, default) for one, default in zip(last, given.defaults, strict=True))
    for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        if default is not None:
            yield one.arg, default


def _has_text(node: ast.expr) -> bool:
    """It is a text, an f-string or a path made of texts, and asks nobody."""
    parts = list(ast.walk(node))
    asks = any(
        isinstance(one, ast.Attribute) and one.attr in ("environ", "getenv") for one in parts
    )
    written = any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in parts)
    return written and not asks


def _is_written_here(path: ast.expr, texts: frozenset[str]) -> bool:
    if isinstance(path, ast.Name):
        return path.id in texts
    stream = isinstance(path, ast.Constant) and str(path.value).startswith(("/dev/", "/proc/"))
    return _has_text(path) and not stream
