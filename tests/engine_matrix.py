"""Engines for tests, unpacked from Debian's packages next to the machine's own.

``python tests/engine_matrix.py 26.1`` prints the path of a ``dockerd`` that ``MLDOCKER_DOCKERD``
can name; a version that the machine has itself is not fetched. Nothing is installed: packages are
fetched with an APT configuration of our own into a cache folder and unpacked there. The mirror is
the machine's; only the suite's name is ours. runc comes from the machine (it is linked to the
machine's libseccomp), docker-init from ``tini-static``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs

#: The engine each Debian suite carries.
SUITES = {"20.10": "bookworm", "26.1": "trixie", "28.5": "sid"}
PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini", "tini-static")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NEEDED = ("dockerd", "docker-proxy", "containerd", "containerd-shim-runc-v2", "runc", "docker-init")


class FetchError(RuntimeError):
    """This machine cannot have that engine; the text says why."""


def engine(version: str, cache: Path | None = None) -> Path:
    """The path of a ``dockerd`` of that version: the machine's own, or fetched on first use.

    Args:
        version: "20.10", "26.1" or "28.5".
        cache: where to keep it; ``MLDOCKER_MATRIX`` or the user's cache folder by default.

    Raises:
        FetchError: no APT, no Debian mirror, no network, or the suite has moved on.
    """
    own = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if own and f"version {version}." in _run(own, "--version"):
        return Path(own)
    root = (cache or _cache()) / version
    dockerd = root / "bin" / "dockerd"
    if not dockerd.exists():
        _fetch(version, root)
    told = _run(str(dockerd), "--version").strip()
    if f"version {version}." not in told:
        raise FetchError(f"{SUITES[version]} now carries {told}, not {version}")
    return dockerd


def _cache() -> Path:
    named = os.environ.get("MLDOCKER_MATRIX")
    return Path(named) if named else platformdirs.user_cache_path("mldocker-lab-engines")


def _fetch(version: str, root: Path) -> None:
    half = root.with_name(f"{root.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    config = _apt_config(half / "apt", SUITES[version])
    _run("apt-get", "update", "-q", env=config)
    debs = half / "debs"
    debs.mkdir()
    policy = _run("apt-cache", "pkgnames", env=config).split()
    _run("apt-get", "download", "-q", *sorted({*PACKAGES} & {*policy}), env=config, cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        _run("dpkg-deb", "-x", str(deb), str(half / "tree"))
    _collect(half / "tree", half / "bin")
    shutil.rmtree(half / "apt")
    shutil.rmtree(debs)
    shutil.rmtree(root, ignore_errors=True)
    half.rename(root)


def _collect(tree: Path, into: Path) -> None:
    """One folder with every program, so that PATH alone decides which engine this is."""
    into.mkdir()
    for folder in ("usr/bin", "usr/sbin", "usr/libexec/docker"):
        for program in sorted((tree / folder).glob("*")):
            link = into / program.name
            if not link.exists() and not link.is_symlink():
                link.symlink_to(Path("..") / "tree" / folder / program.name)
    tini = tree / "usr" / "bin" / "tini-static"
    for name, program in (("docker-init", tini), ("runc", Path(shutil.which("runc") or ""))):
        if program.is_file():
            (into / name).unlink(missing_ok=True)
            shutil.copy2(program, into / name)
    missing = [name for name in NEEDED if not (into / name).exists()]
    if missing:
        raise FetchError(f"the packages lack {', '.join(missing)}")


def _apt_config(folder: Path, suite: str) -> dict[str, str]:
    """An environment in which APT sees one suite and writes only below ``folder``."""
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (folder / name).mkdir(parents=True)
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (folder / "sources.list").write_text(f"deb {signed}{_mirror()} {suite} main\n")
    (folder / "status").write_text("")
    (folder / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{folder}/sources.list";\n'
        f'Dir::Etc::sourceparts "{folder}/parts";\n'
        f'Dir::State::lists "{folder}/lists";\n'
        f'Dir::State::status "{folder}/status";\n'
        f'Dir::Cache "{folder}/cache";\n'
        'Acquire::Languages "none";\n'
        'APT::Sandbox::User "root";\n'
    )
    return {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}


def _mirror() -> str:
    """The Debian mirror this machine uses, asked from its own APT."""
    told = _run(
        "apt-get", "indextargets", "--format", "$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)"
    )
    for line in told.splitlines():
        origin, component, release, address = line.split("|", 3)
        if origin in ("Debian", "") and component == "main" and "-" not in release:
            return address
    raise FetchError("this machine's APT knows no Debian mirror")


def _run(*command: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise FetchError(f"{command[0]} is not here") from error
    except subprocess.CalledProcessError as error:
        raise FetchError(f"{' '.join(command[:2])}: {error.stderr.strip()[-400:]}") from error
    return done.stdout


if __name__ == "__main__":
    try:
        print(engine(sys.argv[1] if len(sys.argv) > 1 else "26.1"))
    except FetchError as error:
        sys.exit(f"cannot have that engine: {error}")
