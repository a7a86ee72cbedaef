"""The view fits the place, and costs nothing where it is not used."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from mldocker_lab.widgets.choose import view
from mldocker_lab.widgets.terminal import Lines, Terminal
from mldocker_lab.widgets.view import Silent


@pytest.fixture(autouse=True)
def _live(monkeypatch):
    monkeypatch.delenv("MLDOCKER_LIVE", raising=False)


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """It is."""
        return True


def test_live_off_is_silent(monkeypatch):
    monkeypatch.setenv("MLDOCKER_LIVE", "0")
    monkeypatch.setattr(sys, "stderr", Tty())
    assert isinstance(view(), Silent)


def test_a_terminal_gets_the_moving_view(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Tty())
    assert isinstance(view(), Terminal)


def test_a_pipe_gets_lines(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(view(), Lines)


def run(code):
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


def test_choosing_imports_nothing_of_the_notebook():
    code = """
import sys
from mldocker_lab.widgets.choose import view
view()
print(*{"anywidget", "ipywidgets", "IPython", "matplotlib", "docker"} & set(sys.modules))
"""
    done = run(code)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_ipython_without_a_kernel_is_no_notebook():
    code = """
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
from mldocker_lab.widgets.choose import view
print(type(view()).__name__)
"""
    done = run(code)
    assert done.stdout.strip() == "Lines", done.stderr
