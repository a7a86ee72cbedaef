"""``%load_ext mldocker_lab``: the lab's verbs as magics. Thin doors to ``mldocker_lab.lab``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from mldocker_lab import lab

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.compare import Comparison

__all__ = ["register"]


@magics_class
class LabMagics(Magics):
    """The magics of the lab."""

    @magic_arguments()
    @argument("-c", "--context", help="folder to send; an empty one if not given")
    @argument("-b", "--builder", choices=["buildkit", "classic"], default="buildkit")
    @argument("-t", "--target", help="build up to this stage")
    @argument("--write", metavar="FILE", help="only write the cell to FILE, build nothing")
    @cell_magic
    def dockerfile(self, line: str, cell: str) -> BuildReport | None:
        """Build the cell as a Dockerfile, from cold, and show its steps."""
        args = parse_argstring(self.dockerfile, line)
        if args.write:
            Path(args.write).write_text(cell, encoding="utf-8")
            return None
        with tempfile.TemporaryDirectory() as temporary:
            empty = Path(temporary, "cell")
            empty.mkdir()
            return lab.build(
                args.context or empty, text=cell, builder=args.builder, target=args.target
            )

    @magic_arguments()
    @argument("folder", help="folder with bad.Dockerfile and good.Dockerfile")
    @argument("-e", "--edit", metavar="FILE", help="then edit FILE in a copy and build both again")
    @argument("-b", "--builder", choices=["buildkit", "classic"], default="buildkit")
    @line_magic
    def compare(self, line: str) -> Comparison:
        """Build a bad and a good image side by side, and compare them."""
        args = parse_argstring(self.compare, line)
        pair = lab.build_pair(args.folder, builder=args.builder)
        return pair.edit(args.edit) if args.edit else pair.comparison


def register(shell: InteractiveShell) -> None:
    """Make the magics known to a shell."""
    shell.register_magics(LabMagics)
