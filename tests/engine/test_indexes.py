"""Which wheel pip takes from two indexes: what the audit says of an index beside the usual one."""

from __future__ import annotations

import pytest

from mldocker_lab import lab
from mldocker_lab.errors import BuildFailed
from mldocker_lab.supply import bases

USUAL, EXTRA = "--index-url file:///i/usual", "--extra-index-url file:///i/extra"


def index(folder: str, *versions: str) -> dict[str, bytes]:
    """A folder that pip reads like an index, with a package of these versions."""
    files: dict[str, bytes] = {}
    for version in versions:
        files |= lab.wheel("net", version, f"version = {version!r}\n", into=f"{folder}/net")
    names = [path.rpartition("/")[2] for path in files]
    links = "".join(f'<a href="{name.replace("+", "%2B")}">{name}</a>' for name in names)
    return files | {f"{folder}/net/index.html": links.encode()}


@pytest.mark.parametrize(
    ("options", "asked", "taken"),
    [
        (f"{USUAL} {EXTRA}", "net", "2.0"),  # the newest of both: the extra index does not win
        (f"{USUAL} {EXTRA}", "net==1.0", "1.0+cu118"),  # a local version is above its plain one
        (f"{USUAL} {EXTRA}", "'net<2'", "1.0+cu118"),
        ("--index-url file:///i/extra", "net", "1.0+cu118"),
    ],
)
def test_the_newest_of_both_is_taken(bench, tmp_path, options, asked, taken):
    files = index("usual", "1.0", "2.0") | index("extra", "1.0+cu118")
    check = f"import net; assert net.version == '{taken}', net.version"
    text = (
        f"FROM {bases.SLIM}\nCOPY . /i\nRUN pip install --no-deps {options} {asked}\n"
        f'RUN python -c "{check}"\n'
    )
    lab.build(tmp_path, text=text, files=files, weigh=False)
    with pytest.raises(BuildFailed):
        lab.build(tmp_path, text=text.replace(taken, "9"), files=files, weigh=False)
