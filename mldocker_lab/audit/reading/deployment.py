"""How a project is started: compose files and Kubernetes manifests.

Only what a static file says: memory limits, probes, the user. Templates that no YAML reader takes
(Helm) are left out: nothing is known then.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from mldocker_lab.audit.reading.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Deployment", "Unit", "units"]

_OTHERS = re.compile(
    r"(^|/)(confluentinc|grafana|prom|jaegertracing|otel|bitnami(legacy)?|apache|kindest|dpage)/|"
    r"(^|/)(postgres|postgresql|postgis|pgvector|timescaledb|redis|redis-stack(-server)?|valkey|mysql|"
    r"mariadb|mongo|mongodb|nginx|traefik|rabbitmq|kafka|zookeeper|minio|elasticsearch|opensearch|"
    r"neo4j|clickhouse(-server)?|cassandra|chroma|weaviate|kibana|influxdb|"
    r"grafana|prometheus|memcached|caddy|busybox|alpine|jaeger|adminer|pgadmin4?|etcd|milvus|"
    r"qdrant|vault|envoy|localstack|cloud-sdk|hadolint|registry|nvidia/cuda|aws-cli|curl|mlflow|mongo-express)"
    r"([:@/]|$)",
    re.IGNORECASE,
)
_JOB = re.compile(r"Job$|^Workflow|^SparkApplication$")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_NESTED = 40  # anchors may nest without end
_DEEPEST = 8  # levels between a manifest and its pods
_MOST = 300_000  # characters; longer files are data


@dataclass(frozen=True, slots=True)
class Unit:
    """One container that a file starts.

    Attributes:
        kind: "compose", "kubernetes" or "docker run".
        name: the service or container.
        image: what it runs; "" if it is built.
        build: the Dockerfile it is built from, in the project; "" if it is not built here.
        context: the folder that is its build context.
        memory: it has a memory limit.
        probe: it has a health check or a readiness probe.
        user: the user it is started as; "" if the image decides.
        spot: where it stands.
        mounts: its volumes, as they are written.
        environment: its variables, ``NAME=value`` or the name.
        target: the stage that compose builds; "" for the last.
        ends: it is a job: nobody waits for it to answer.
        command: what compose starts instead of the image's CMD, as a shell would read it.
    """

    kind: str
    name: str
    image: str
    build: str
    context: str
    memory: bool
    probe: bool
    user: str
    spot: Spot
    mounts: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    target: str = ""
    ends: bool = False
    command: str = ""

    @property
    def ours(self) -> bool:
        """It is no well-known service such as a database."""
        return bool(self.build) or not _OTHERS.search(self.image)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The containers that belong to one Dockerfile."""

    units: tuple[Unit, ...]

    @property
    def probe(self) -> tuple[str, Spot] | None:
        """The first health check or probe, in words, and where it stands."""
        found = next((unit for unit in self.units if unit.probe), None)
        return (f"{found.kind} asks {found.name} whether it is well", found.spot) if found else None

    @property
    def user(self) -> tuple[str, Spot] | None:
        """The user that all who start it set, and where the first of them stands."""
        if not all(unit.user for unit in self.units):
            return None
        found = next(iter(self.units), None)
        return (found.user, found.spot) if found else None


class _Lines(dict[str, Any]):
    """A mapping that knows its line."""

    line = 0
    lines: dict[str, int]


def _plain(node: yaml.Node, depth: int = 0) -> Any:
    if depth > _MOST_NESTED:
        return None
    if isinstance(node, yaml.MappingNode):
        found = _Lines()
        found.line = node.start_mark.line + 1
        found.lines = {}
        for key, value in node.value:
            if key.value == "<<" and isinstance(value, yaml.MappingNode):
                found |= _plain(value, depth + 1)
            elif isinstance(key, yaml.ScalarNode):
                found[key.value] = _plain(value, depth + 1)
                found.lines[key.value] = key.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, depth + 1) for one in node.value]
    return node.value


def _documents(text: str) -> Iterator[Any]:
    try:
        for node in yaml.compose_all(text, Loader=_LOADER):
            if node is not None:
                yield _plain(node)
    except (yaml.YAMLError, RecursionError, ValueError):
        return


def units(path: str, text: str, values: str = "") -> list[Unit]:
    """The containers that a file starts; none if it is another kind of file.

    Args:
        path: its path in the project.
        text: what it says.
        values: what the values.yaml of its Helm chart says, if it belongs to one.
    """
    if len(text) > _MOST:
        return []
    if path.endswith((".yml", ".yaml")):
        if "services" not in text and "containers" not in text:
            return []
        if "{{" in text:
            return _template(path, text, values)
        return [
            unit
            for data in _documents(text)
            if isinstance(data, dict)
            for unit in _yaml(path, data)
        ]
    return []


def _template(path: str, text: str, values: str) -> list[Unit]:
    """A Helm template, which is no YAML: one unit for the file, by its words."""
    if not re.search(r"^\s*containers:", text, re.MULTILINE):
        return []
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    memory = bool(re.search(r"limits:(.*\n){1,4}?\s*memory:", text))
    given = re.search(r"(?:toYaml|with)\s+[.$]\S*?Values\.(\S*resources)", text)
    if given and not memory:
        memory = not values or _valued(values, given.group(1))
    probe = bool(re.search(r"(readiness|liveness|startup)Probe:", text))
    found = re.search(r"runAsUser:\s*(\d+)", text)
    user = found.group(1) if found else ""
    line = text.count("\n", 0, text.index("containers:")) + 1
    chart = posixpath.basename(posixpath.dirname(posixpath.dirname(path)))
    name = f"{chart}/{posixpath.splitext(posixpath.basename(path))[0]}"
    return [Unit("kubernetes", name, "", "", "", memory, probe, user, Spot(path, line))]


def _valued(values: str, path: str) -> bool:
    """The values of a chart set a memory limit at that path."""
    data = next(_documents(values), None)
    return bool(_at(data, *path.split("."), "limits", "memory"))


def _yaml(path: str, data: dict[str, Any]) -> Iterator[Unit]:
    services, kind = data.get("services"), data.get("kind")
    if isinstance(services, _Lines) and kind is None:
        for name, service in services.items():
            if isinstance(service, dict):
                yield _service(path, name, service, services.lines.get(name, 1))
    for item in data.get("items") or () if kind == "List" else ():
        if isinstance(item, dict):
            yield from _yaml(path, item)
    if kind:
        for pod in _pods(data.get("spec")):
            containers = (one for one in pod["containers"] if isinstance(one, dict))
            made = (_container(path, pod, one) for one in containers)
            yield from (replace(one, ends=_JOB.search(str(kind)) is not None) for one in made)


def _service(path: str, name: str, service: dict[str, Any], line: int) -> Unit:
    folder = posixpath.dirname(path)
    build, context, target = "", "", ""
    raw = service.get("build")
    if raw:
        given = raw if isinstance(raw, dict) else {"context": raw}
        context = _joined(folder, str(given.get("context") or "."))
        build = _joined(context, str(given.get("dockerfile") or "Dockerfile"))
        target = str(given.get("target") or "")
    limits = _at(service, "deploy", "resources", "limits")
    memory = bool(service.get("mem_limit") or (isinstance(limits, dict) and limits.get("memory")))
    check = service.get("healthcheck")
    probe = isinstance(check, dict) and bool(check.get("test")) and check.get("disable") != "true"
    user = str(service.get("user") or "")
    image = str(service.get("image") or "")
    spot = Spot(path, line)
    mounts, environment = _flat(service.get("volumes")), _flat(service.get("environment"))
    told = service.get("command") or ""
    command = shlex.join(map(str, told)) if isinstance(told, list) else str(told)
    return Unit(
        "compose", name, image, build, context, memory, probe, user, spot, mounts, environment,
        target, command=command,
    )  # fmt: skip


def _flat(data: Any) -> tuple[str, ...]:
    """A list or mapping of strings or mappings as strings."""
    if isinstance(data, dict):
        return tuple(f"{key}={value}" for key, value in data.items())
    if isinstance(data, list):
        return tuple(
            " ".join(str(value) for value in one.values()) if isinstance(one, dict) else str(one)
            for one in data
        )
    return ()


def _joined(folder: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def _at(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _pods(spec: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every pod's specification below: whatever holds a list of containers."""
    if depth > _DEEPEST:
        return
    if isinstance(spec, dict):
        if isinstance(spec.get("containers"), list):
            yield spec
            return
        for value in spec.values():
            yield from _pods(value, depth + 1)
    for one in spec if isinstance(spec, list) else ():
        yield from _pods(one, depth + 1)


def _container(path: str, pod: dict[str, Any], container: dict[str, Any]) -> Unit:
    memory = bool(_at(container, "resources", "limits", "memory"))
    probe = any(container.get(name) for name in ("readinessProbe", "livenessProbe", "startupProbe"))
    context = {**(_at(pod, "securityContext") or {}), **(_at(container, "securityContext") or {})}
    user = str(context.get("runAsUser") or "")
    line = getattr(container, "line", 1)
    name, image = str(container.get("name") or ""), str(container.get("image") or "")
    spot = Spot(path, line)
    mounts, environment = _flat(container.get("volumeMounts")), _flat(container.get("env"))
    return Unit("kubernetes", name, image, "", "", memory, probe, user, spot, mounts, environment)
