"""From a bare Python to the lab's environment in ``.venv``. Standard library only.

What ``make setup`` runs. It installs exactly what ``requirements.lock`` lists, every file checked
against its hash, with uv where uv runs (it is in the lock too) and with pip where it does not.
On Debian and Ubuntu as root it adds the one system package that a bare Python lacks, and says so;
``MLDOCKER_LAB_NO_INSTALL=1`` forbids that.

    python3 scripts/bootstrap.py          the environment
    python3 scripts/bootstrap.py --tests  and what only tests use: a browser, a registry
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "lab.stamp"
OLDEST = (3, 11)


def main() -> None:
    """Make ``.venv`` match the lock file; do nothing if it does already."""
    if sys.version_info < OLDEST:
        stop(
            f"Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}"
        )
    wanted = fingerprint()
    if not (STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists()):
        make_venv()
        install()
        STAMP.write_text(wanted)
    renew_page()
    if "--tests" in sys.argv:
        test_tools()


def test_tools() -> None:
    """A browser to look at JupyterLab with, and a registry to push to and pull from."""
    have = {
        "chromium": shutil.which("chromium") or os.environ.get("CHROMIUM"),
        "docker-registry": shutil.which("docker-registry"),
    }
    missing = [package for package, there in have.items() if not there]
    if missing:
        system_packages(*missing, why="the tests look at a page and push to a registry")


def fingerprint() -> str:
    """Changes when the environment has to be made again."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_venv() -> None:
    """A new virtual environment with pip in it."""
    if importlib.util.find_spec("ensurepip") is None or not have_pip_wheel():
        system_packages("python3-venv", why="Debian's Python comes without the venv module")
    say(f"making {VENV.name}")
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", str(VENV))


def have_pip_wheel() -> bool:
    """Debian ships ``ensurepip`` in a package of its own; importing it is the only sure test."""
    return (
        subprocess.run(
            [sys.executable, "-c", "import ensurepip; ensurepip.version()"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


def install() -> None:
    """Everything in the lock, then the lab itself, editable."""
    say("installing the locked packages")
    with tempfile.TemporaryDirectory() as folder:
        uv_only = Path(folder) / "uv.lock"
        uv_only.write_text(lock_entry("uv"))
        pip("install", "--quiet", "--require-hashes", "--no-deps", "-r", str(uv_only), check=False)
    uv = [str(PYTHON), "-m", "uv", "pip"]
    if subprocess.run([*uv, "--version"], capture_output=True, check=False).returncode == 0:
        run(*uv, "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), str(LOCK))
        run(
            *uv,
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--python",
            str(PYTHON),
            "--editable",
            str(ROOT),
        )
    else:
        pip("install", "--quiet", "--require-hashes", "--no-deps", "-r", str(LOCK))
        pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def renew_page() -> None:
    """What JupyterLab loads is the built page of this checkout: git may have brought a newer one.

    It is copied, as the editable install has done. A link would be quicker, and the next ``pip
    uninstall`` would follow it and empty the checkout.
    """
    built = ROOT / "mldocker_lab" / "labextension"
    there = VENV / "share" / "jupyter" / "labextensions" / "mldocker-lab"
    name = "package.json"  # names the other files, which carry hashes
    if (there / name).is_file() and (there / name).read_bytes() == (built / name).read_bytes():
        return
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(built, there)


def lock_entry(package: str) -> str:
    """The lines of the lock file that pin one package."""
    found = re.search(rf"^{package}==.*?(?=^\S|\Z)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
    if not found:
        stop(f"{LOCK.name} does not list {package}")
    return found.group(0)


def system_packages(*packages: str, why: str) -> None:
    """Install Debian packages as root, saying so first; otherwise say what to install."""
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    allowed = os.environ.get("MLDOCKER_LAB_NO_INSTALL") != "1"
    if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0 and allowed):
        stop(f"{why}; please install it (on Debian or Ubuntu: sudo {command}) and run this again")
    say(f"{why}: {command}  (undo: apt-get remove {' '.join(packages)})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", env=environment)
    run(*command.split(), "-y", "-qq", env=environment)


def pip(*arguments: str, check: bool = True) -> None:
    """Run the new environment's pip."""
    run(str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments, check=check)


def run(*command: str, env: dict[str, str] | None = None, check: bool = True) -> None:
    """Run a command; its failure is ours."""
    try:
        status = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        stop(f"cannot run {command[0]}: {error}")
    if status and check:
        stop(f"`{' '.join(command)}` failed with status {status}; what it said stands above")


def say(text: str) -> None:
    """One line of progress."""
    print(f"mldocker_lab: {text} …", flush=True)


def stop(text: str) -> None:
    """End with a sentence instead of a traceback."""
    sys.exit(f"mldocker_lab: {text}")


if __name__ == "__main__":
    main()
