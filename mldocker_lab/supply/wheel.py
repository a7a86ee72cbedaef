"""Make a wheel: for packages that exist nowhere, and versions that were never released."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["file_name", "make"]

_TIME = (2025, 6, 1, 0, 0, 0)
_TAG = "py3-none-any"


def file_name(name: str, version: str) -> str:
    """What the wheel of a package is called."""
    return f"{name.replace('-', '_')}-{version}-{_TAG}.whl"


def make(name: str, version: str, code: str, *, needs: Iterable[str] = ()) -> bytes:
    """A wheel with one module, the same bytes each time.

    Args:
        name: the package; its module is called alike, with underscores.
        version: the package's version.
        code: the module's source.
        needs: what it requires, as requirements say it ("pyyaml>=6").
    """
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {need}" for need in needs]
    files = {
        f"{module}.py": code,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {_TAG}\n",
    }
    record = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, _TIME), text)
    return out.getvalue()


def _digest(text: str) -> str:
    """As RECORD writes it."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
