"""The files of a project as the rules see them: names, and text of those that matter.

Nothing here touches a disk: ``loading`` fills it from a folder, an editor from a text.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["Project"]


@dataclass(frozen=True)
class Project:
    """Names and texts.

    Attributes:
        names: every file, relative to the project's folder, with slashes.
        read: the text of a file; None if there is none or it cannot be read.
        whole: the folder was looked at; False if only a text is known, as in an editor.
        context: the folder in the project that builds send, "" for the whole project.
        sizes: bytes of the files whose names say that they may be weights or data.
    """

    names: Collection[str] = ()
    read: Callable[[str], str | None] = lambda _: None
    whole: bool = True
    context: str = ""
    sizes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, files: dict[str, str], *, whole: bool = True) -> Project:
        """A project of texts."""
        sizes = {name: len(text) for name, text in files.items()}
        return cls(tuple(files), files.get, whole, sizes=sizes)

    @cached_property
    def at_hand(self) -> bool:
        """There is more than Dockerfiles: the folder that a build sends can be looked at."""
        return self.whole and any("dockerfile" not in name.lower() for name in self.names)

    @cached_property
    def inside(self) -> frozenset[str]:
        """The files of the build context, relative to it."""
        if not self.context:
            return frozenset(self.names)
        start = self.context + "/"
        return frozenset(n.removeprefix(start) for n in self.names if n.startswith(start))

    def in_context(self, path: str) -> str:
        """Where a path of the build context lies in the project."""
        return posixpath.normpath(posixpath.join(self.context, path.lstrip("/")))

    def text(self, path: str) -> str | None:
        """The text of a file of the build context."""
        return self.read(self.in_context(path))

    def below(self, folder: str) -> list[str]:
        """Files of the build context inside a folder; "" or "." for all."""
        folder = posixpath.normpath(folder).strip("/")
        if folder in ("", "."):
            return sorted(self.inside)
        return sorted(n for n in self.inside if n == folder or n.startswith(folder + "/"))
