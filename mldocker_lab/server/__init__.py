"""The lab inside JupyterLab's server: what the panels ask, and what they are told.

Loading it costs a server next to nothing: what an answer needs is imported when it is first asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["_jupyter_server_extension_points", "_load_jupyter_server_extension"]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "mldocker_lab.server"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Add the lab's routes to a server."""
    from mldocker_lab.server.doors import doors
    from mldocker_lab.server.service import Service

    base = app.web_app.settings["base_url"]
    made = doors(base, Service(Path(app.root_dir)))
    app.web_app.add_handlers(".*$", made)  # type: ignore[no-untyped-call]
