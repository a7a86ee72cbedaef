"""The routes as a Jupyter server knows them: who may ask, and how errors are told.

Every request must be authenticated, OPTIONS too, and must not come from a page of another origin,
even if it knows the token. What a route waits for, it waits for in a thread.
"""

from __future__ import annotations

import asyncio
import errno
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from mldocker_lab.errors import DiskFull, EngineError, EngineGone, LabError, UsageError
from mldocker_lab.server.read import read
from mldocker_lab.server.routes import EVENTS, PREFIX, ROUTES, Route
from mldocker_lab.server.schema import Nothing, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.server.service import Service

__all__ = ["Door", "Stream", "doors"]

_MOST_BYTES = 4_000_000  # of a request; nothing we are told is as long
_FULL = 507  # insufficient storage


def doors(base: str, service: Service) -> list[tuple[str, type[APIHandler], dict[str, Any]]]:
    """All routes below a server's base address."""
    pools = {
        "files": ThreadPoolExecutor(4, "mldocker-files"),
        "engine": ThreadPoolExecutor(3, "mldocker-engine"),  # one that hangs must not stop files
    }
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.pattern, {})[route.verb] = route
    made: list[tuple[str, type[APIHandler], dict[str, Any]]] = [
        (
            url_path_join(base, PREFIX, pattern),
            Door,
            {"service": service, "routes": routes, "pools": pools},
        )
        for pattern, routes in by_path.items()
    ]
    stream = Route("events", "GET", EVENTS, Problem).pattern
    return [*made, (url_path_join(base, PREFIX, stream), Stream, {"service": service})]


class _Guarded(APIHandler):
    """What holds for all of them."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse other origins before anything else; the rest is Jupyter's."""
        await super().prepare()
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in (
            "same-origin",
            "none",
        ) and not self.settings.get("allow_origin"):
            raise HTTPError(403, "asked by a page of another origin")
        if len(self.request.body) > _MOST_BYTES:
            raise HTTPError(413, f"more than {_MOST_BYTES / 1e6:.0f} MB")

    def skip_check_origin(self) -> bool:
        """Never: a token is no excuse."""
        return False

    @authenticated
    async def refuse(self, **named: str) -> None:
        """A verb that means nothing here."""
        raise HTTPError(405, f"{self.request.method} means nothing here: {', '.join(named)}")

    options = head = put = patch = refuse  # type: ignore[assignment]

    def write_error(self, status_code: int, **told: Any) -> None:
        """Whatever goes wrong has the same form."""
        error = told.get("exc_info", (None, None, None))[1]
        said = getattr(error, "log_message", None) or self._reason
        self._problem(status_code, Problem(f"http-{status_code}", said, ""))

    def _problem(self, status: int, problem: Problem) -> None:
        self.set_status(status)
        self.finish(json.dumps(asdict(problem)))


class Door(_Guarded):
    """One address."""

    def initialize(
        self,
        service: Service,
        routes: dict[str, Route],
        pools: dict[str, ThreadPoolExecutor],
    ) -> None:
        """Take what it needs."""
        self._service, self._routes, self._pools = service, routes, pools

    @authenticated
    async def get(self, **named: str) -> None:
        """Tell."""
        await self._answer(named)

    @authenticated
    async def post(self, **named: str) -> None:
        """Do."""
        await self._answer(named)

    @authenticated
    async def delete(self, **named: str) -> None:
        """Stop."""
        await self._answer(named)

    async def _answer(self, named: dict[str, str]) -> None:
        route = self._routes.get(self.request.method or "")
        if route is None:
            raise HTTPError(405)
        try:
            reply = await self._ask(route, named)
        except LabError as error:
            self._problem(_status(error), Problem(error.code, error.what, error.hint))
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            what = "the disk is full" if full else f"{error.strerror}: {error.filename}"
            hint = "mldocker-lab clean makes room" if full else ""
            code = DiskFull("").code if full else "os-error"
            self._problem(_FULL if full else 500, Problem(code, what, hint))
        else:
            self.finish(json.dumps(asdict(reply)))

    async def _ask(self, route: Route, named: dict[str, str]) -> Any:
        """Find what is asked in the body, and have it answered where nobody else has to wait."""
        body: Any = read(route.body, self._json())
        told = {} if isinstance(body, Nothing) else {"body": body}
        method: Callable[..., Any] = getattr(self._service, route.name)
        if route.before:
            look = partial(getattr(self._service, route.before), body)
            await self._in("files", look, _patience(route))
        if route.pool == "loop":
            return await method(**named, **told)
        return await self._in(route.pool, partial(method, **named, **told), _patience(route))

    async def _in(self, pool: str, work: Callable[[], Any], seconds: float) -> Any:
        future = asyncio.get_running_loop().run_in_executor(self._pools[pool], work)
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError as error:
            raise EngineGone(
                f"nothing answered within {seconds:.0f} s",
                "is the engine alive? mldocker-lab doctor",
            ) from error

    def _json(self) -> Any:
        text = self.request.body
        if not text.strip():
            return {}
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError("the request is no JSON", "load the page again") from error


class Stream(_Guarded):
    """The events of a job, as server-sent events."""

    def initialize(self, service: Service) -> None:
        """Take what it needs."""
        self._service = service

    @authenticated
    async def get(self, name: str) -> None:
        """Tell all events, from the first on, until the job ends or nobody listens."""
        try:
            job = self._service.jobs.find(name)
        except UsageError as error:
            self._problem(404, Problem(error.code, error.what, error.hint))
            return
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")
        try:
            async for event in job.listen():
                told = f"data: {json.dumps(asdict(event))}\n\n" if event else ": still here\n\n"
                self.write(told)
                await self.flush()
        except StreamClosedError:
            return
        self.finish(set_content_type="text/event-stream")

    post = delete = _Guarded.refuse


def _patience(route: Route) -> float:
    return route.seconds


def _status(error: LabError) -> int:
    if isinstance(error, DiskFull):
        return _FULL
    if isinstance(error, EngineError):
        return 503
    return 400 if error.exit_status == 2 else 409  # noqa: PLR2004 wrong use
