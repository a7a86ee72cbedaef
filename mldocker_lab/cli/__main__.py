"""``python -m mldocker_lab.cli``: the same as ``mldocker-lab``."""

from mldocker_lab.cli import main

main()
