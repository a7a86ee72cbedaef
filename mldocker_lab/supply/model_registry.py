"""A model registry for as long as a lesson takes: MLflow's own server, in a container.

It is all three in one: tracking (runs with parameters and metrics), the registry (names, versions,
aliases) and the artifact store (files), with SQLite behind the first two. It speaks MLflow's REST
API, so neither we nor the containers that ask it need MLflow.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from mldocker_lab.engine.address import engine_host, reached_from_here
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import SupplyError
from mldocker_lab.supply import mlflow_image, reach
from mldocker_lab.supply.hosted import FEW_RIGHTS, Hosted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.supply.mirror import Mirror

__all__ = ["MODELS_HOST", "ModelRegistry", "ModelVersion"]

#: Constant, so that what a deployment says about its registry can be written down.
MODELS_HOST = "models.mldocker.internal"

_PORT = 5000
_START_SECONDS = 300  # five on a quiet machine; a deadline, not a wait
_ANSWER_SECONDS = 30
_POLL_SECONDS = 0.1
_LIFE = "4h"
_FIRST_OF_FREE, _FREE = 20_000, 10_000  # where there is no bridge, a port nobody is likely to have
_ARTIFACTS = "mlflow-artifacts:/"
_API = "/api/2.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 in its own container
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # nine processes for evaluations nobody asks for
}


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model.

    Attributes:
        name: the model's.
        version: "1", "2", … as the registry counts.
        file: the file that was registered.
        sha256: its hash, 64 hex digits; MLflow itself keeps none, so it is kept as a tag.
        size: its bytes.
        run: the id of the run that made it.
        path: where its files are in the artifact store.
    """

    name: str
    version: str
    file: str
    sha256: str
    size: int
    run: str
    path: str

    def __repr__(self) -> str:
        return f"{self.name} version {self.version}, {self.file}, sha256 {self.sha256[:12]}…"


class ModelRegistry(Hosted):
    """MLflow's server, running; use it in a ``with`` block, or ``close`` it.

    It ends with this program, too, and by itself after some hours; ``mldocker-lab clean`` removes
    what a killed program left.

    Args:
        mirror: the wheel mirror on the engine: containers reach this server in the same way.

    Attributes:
        url: where we find it.
        address: where containers find it, given ``hosts``.
        hosts: what a container needs to know for that, name → address.
        network: the network such a container must be on: None for the default, or "host".

    Raises:
        SupplyError: it did not start.
    """

    def __init__(self, mirror: Mirror) -> None:
        engine = mirror.engine
        self._way = mirror.way
        self.network = mirror.network
        host = self._way == "host"
        self._port = _FIRST_OF_FREE + secrets.randbelow(_FREE) if host else _PORT
        super().__init__(
            engine,
            mlflow_image.name(),
            _command(self._way, self._port, engine_host(engine.url)),
            host=self._place(engine),
            ports=None if host else [self._port],
            user="65534:65534",
            environment=_ENVIRONMENT,
            labels={LABEL: "model-registry"},
        )
        try:
            engine.start(self._container)
            self._find()
            self._wait()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"MLflow at {self.url}, for containers at {self.address}"

    def publish(
        self,
        name: str,
        file: str,
        data: bytes,
        *,
        parameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelVersion:
        """Record a run, upload a file to its artifacts, and register that as the next version.

        Args:
            name: the model; a new one is registered.
            file: what the file is called.
            data: its bytes.
            parameters: what the run was given.
            metrics: what it measured.
        """
        run = self.post("runs/create", {"experiment_id": "0", "run_name": name})["run"]["info"]
        ids = {"run_id": run["run_id"]}
        now = int(time.time() * 1000)
        for key, value in (parameters or {}).items():
            self.post("runs/log-parameter", {**ids, "key": key, "value": str(value)})
        for key, number in (metrics or {}).items():
            self.post("runs/log-metric", {**ids, "key": key, "value": number, "timestamp": now})
        source = f"{run['artifact_uri']}/model"
        path = source.removeprefix(_ARTIFACTS)
        self._asked("PUT", f"{_FILES}/{path}/{file}", data=data)
        self.post("runs/update", {**ids, "status": "FINISHED", "end_time": now})
        if not self._session("GET", f"{_API}/registered-models/get", params={"name": name}).ok:
            self.post("registered-models/create", {"name": name})
        sha256 = hashlib.sha256(data).hexdigest()
        tags = [{"key": "sha256", "value": sha256}, {"key": "file", "value": file}]
        made = self.post(
            "model-versions/create", {"name": name, "source": source, **ids, "tags": tags}
        )["model_version"]
        return ModelVersion(name, made["version"], file, sha256, len(data), run["run_id"], path)

    def overwrite(self, version: ModelVersion, data: bytes) -> None:
        """Put other bytes where a version's file is, as whoever can write to the store could."""
        self._asked("PUT", f"{_FILES}/{version.path}/{version.file}", data=data)

    def point(self, alias: str, version: ModelVersion) -> None:
        """Let an alias ("champion") name a version; one that exists is moved."""
        told = {"name": version.name, "alias": alias, "version": version.version}
        self.post("registered-models/alias", told)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """``GET`` something from MLflow's REST API ("model-versions/get", name=…, version=…).

        Raises:
            SupplyError: MLflow refuses.
        """
        return dict(self._asked("GET", f"{_API}/{path}", params=query).json())

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """``POST`` something to MLflow's REST API.

        Raises:
            SupplyError: MLflow refuses.
        """
        return dict(self._asked("POST", f"{_API}/{path}", json=dict(body)).json())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While the block runs, let it answer nobody: a store that takes its time."""
        with self._engine.paused(self._container):
            yield

    def log(self) -> str:
        """What the server printed: one line for each request, among others."""
        return self._engine.logs(self._container)

    def _place(self, engine: Engine) -> dict[str, Any]:
        host = {**FEW_RIGHTS, "mem_limit": "1g"}
        if self._way == "host":
            return {**host, "network_mode": "host"}
        ours = reached_from_here(engine.url)
        theirs = reach.published_on(engine, self._way)
        places = {ours, theirs} if theirs and ours != "0.0.0.0" else {ours}  # noqa: S104 a remote engine's
        return {**host, "port_bindings": {self._port: [(one, None) for one in sorted(places)]}}

    def _find(self) -> None:
        """Its addresses, once it has been started."""
        engine = self._engine
        bound = {one["HostIp"]: one["HostPort"] for one in self._bound(self._port)}
        ours = bound.get(reached_from_here(engine.url), self._port)
        published = bound.get(reach.published_on(engine, self._way) or "", ours)
        theirs = self._port if self._way == "address" else published
        self.url = f"http://{engine_host(engine.url)}:{ours}"
        self.address = f"http://{MODELS_HOST}:{theirs}"
        self.hosts = {MODELS_HOST: reach.address(engine, self._container, self._way)}

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            state = self._engine.inspect(self._container)["State"]["Status"]
            if state not in ("created", "running"):
                break
            try:
                if self._session("GET", "/health").ok:
                    return
            except requests.RequestException:
                time.sleep(_POLL_SECONDS)
        said = "\n".join(self.log().strip().splitlines()[-8:])
        raise SupplyError(f"MLflow did not start:\n{said}", "`mldocker-lab doctor`")

    def _asked(self, method: str, path: str, **content: Any) -> requests.Response:
        try:
            answer = self._session(method, path, **content)
        except requests.RequestException as error:
            raise SupplyError(f"MLflow does not answer: {error}", "was it closed?") from error
        if not answer.ok:
            raise SupplyError(f"MLflow answers {answer.status_code} to {path}: {answer.text[:300]}")
        return answer

    def _session(self, method: str, path: str, **content: Any) -> requests.Response:
        """One question; no proxy that the environment names is in the way."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, timeout=_ANSWER_SECONDS, **content)


def _command(way: str, port: int, machine: str) -> list[str]:
    allowed = [f"{host}:*" for host in (MODELS_HOST, "localhost", machine)]
    return [
        *("timeout", _LIFE, "mlflow", "server"),
        *("--host", reach.listens_on(way), "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", mlflow_image.DATABASE),
        *("--artifacts-destination", f"{mlflow_image.FOLDER}/artifacts"),
        *("--allowed-hosts", ",".join(allowed)),
    ]
