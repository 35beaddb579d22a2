"""Nuclio on Kubernetes as a target: objects are dry-run by the server, applied, and waited for."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from modelyard_contract.nuclio import DIGEST, LICENCE, ORIGIN, VARIANT
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.diagnosis import explain
from modelyard_tools.deployer.core.history import Config, require_rolled_back
from modelyard_tools.deployer.core.names import require
from modelyard_tools.deployer.core.plan import Running
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.core.target import Deployed, Status
from modelyard_tools.deployer.kubernetes.kubectl import Kubectl
from modelyard_tools.deployer.kubernetes.layout import Layout, layout_again, layout_of, write_layout
from modelyard_tools.deployer.kubernetes.objects import RENDERED, config_of
from modelyard_tools.deployer.kubernetes.pinning import pinned
from modelyard_tools.deployer.kubernetes.settings import Cluster
from modelyard_tools.deployer.kubernetes.versions import previous, with_previous
from modelyard_tools.http.exchange import Reply

_POLL: Final = 1.0
# Nuclio itself waits two minutes; images that are new to a node take longer.
_LONGEST_WAIT: Final = 900.0
_SERVING: Final = ("ready", "scaledToZero")
_FAILED: Final = ("error", "unhealthy")


class KubernetesTarget:
    """See `modelyard_tools.deployer.core.target.Target`."""

    flags = " --to kubernetes"

    def __init__(
        self, session: Session, kubectl: Kubectl, cluster: Cluster, *, poll: float = _POLL
    ) -> None:
        self._report = session.report
        self._kubectl = kubectl
        self._cluster = cluster
        self._poll = poll

    def prepare(self) -> None:
        """Check that the cluster can be reached and has Nuclio's resources."""
        self._kubectl.functions()

    def running(self, releases: Sequence[BuiltRelease]) -> dict[str, Running]:
        """Return what the cluster has, and for which functions its settings have changed.

        Without settings nothing counts as changed: only what was built is deployed.
        """
        given = [] if self._cluster == Cluster() else releases
        layout = layout_of(given, self._cluster, self._kubectl.namespace)
        return {
            name: Running(
                _annotations(item).get(DIGEST),
                _state(item),
                stale=_stale(item, layout.functions.get(name)),
            )
            for name, item in self._functions().items()
        }

    def deploy(self, releases: Sequence[BuiltRelease]) -> dict[str, str]:
        """Apply the objects if the server would accept all of them, and wait."""
        return self._deploy(layout_of(releases, self._cluster, self._kubectl.namespace))

    def clean(self, releases: Sequence[BuiltRelease]) -> None:
        """Do nothing: the cluster removes what Nuclio created for a function."""

    def status(self) -> Status:
        """Return all functions of the namespace."""
        functions = self._functions()
        return Status(
            headline=f"namespace {self._kubectl.namespace}",
            platform={"namespace": self._kubectl.namespace},
            functions={name: _described(name, item) for name, item in sorted(functions.items())},
        )

    def next_steps(self) -> str:
        """Return the settings for CVAT in the cluster."""
        return f"""\
Use it from a CVAT server in the cluster:
  CVAT_SERVERLESS=1 CVAT_NUCLIO_HOST=nuclio-dashboard.{self._kubectl.namespace} \
CVAT_NUCLIO_FUNCTION_NAMESPACE={self._kubectl.namespace}"""

    def delete(self, name: str) -> None:
        """Delete the object, and with it everything that Nuclio created for it."""
        require(name, self._functions())
        self._kubectl.delete(name)

    def rollback(self, name: str) -> str:
        """Apply again what the function's object replaced."""
        functions = self._functions()
        require(name, functions)
        config = previous(name, functions[name])
        require_rolled_back(name, self.restore([config]))
        return str(config["spec"]["image"])

    def export(self) -> dict[str, Config]:
        """Return the functions' objects without what belongs to this cluster."""
        return {name: config_of(item) for name, item in self._functions().items()}

    def restore(self, configs: Sequence[Config]) -> dict[str, str]:
        """Apply objects as they are."""
        return self._deploy(layout_again(configs, self._kubectl.namespace))

    def reconcile(self) -> dict[str, str]:
        """Do nothing: a cluster does this itself."""
        return {}

    def logs(self, name: str, *, lines: int, follow: bool) -> None:
        """Print the logs of the function's pods."""
        require(name, self._functions())
        self._kubectl.logs(name, lines=lines, follow=follow)

    def invoke(self, name: str, body: bytes) -> Reply:
        """Post `body` to the function's service, through the API server."""
        require(name, self._functions())
        return Reply(HTTPStatus.OK, self._kubectl.invoke(name, body))

    def _deploy(self, layout: Layout) -> dict[str, str]:
        layout = self._pinned(layout)
        failures = dict(layout.failures)
        if not layout.functions:
            return failures
        layout = self._remembering(layout)
        with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
            folder = Path(scratch) / "layout"
            write_layout(folder, layout)
            with self._report.step("checking whether the cluster accepts them"):
                self._kubectl.apply(folder, dry_run=True)
            with self._report.step(f"applying {', '.join(layout.functions)}"):
                self._kubectl.apply(folder)
        with self._report.step(f"waiting for {', '.join(layout.functions)} to start"):
            return failures | self._wait(layout.functions)

    def _pinned(self, layout: Layout) -> Layout:
        with self._report.step("looking up the images' digests in their registries"):
            layout, kept = pinned(layout)
        for line in kept:
            self._report.error(line)
        return layout

    def _remembering(self, layout: Layout) -> Layout:
        """Return objects that record what they are about to replace."""
        functions = self._functions()
        remembering = {}
        for name, item in layout.functions.items():
            current = functions.get(name)
            serves = current is not None and _state(current) in _SERVING
            remembering[name] = with_previous(item, current, serves=serves)
        return Layout(layout.projects, remembering, layout.failures)

    def _functions(self) -> dict[str, dict[str, Any]]:
        return {item["metadata"]["name"]: item for item in self._kubectl.functions()}

    def _wait(self, wanted: Mapping[str, dict[str, Any]]) -> dict[str, str]:
        """Wait until each function serves or has failed; return why some do not serve."""
        failures: dict[str, str] = {}
        pending = set(wanted)
        deadline = time.monotonic() + _LONGEST_WAIT
        while pending:
            functions = self._functions()
            for name in sorted(pending):
                problem = _problem(functions.get(name), _annotations(wanted[name])[DIGEST])
                if problem is None and time.monotonic() > deadline:
                    problem = f"it is neither ready nor failed after {_LONGEST_WAIT:g} s"
                if problem is not None:
                    pending.remove(name)
                if problem:
                    failures[name] = problem
            if pending:
                time.sleep(self._poll)
        return failures


def _problem(item: dict[str, Any] | None, digest: str) -> str | None:
    """Return why a function does not serve; "" if it does, None if it is still starting."""
    if item is None:
        return "it was deleted while it was being deployed"
    if _annotations(item).get(DIGEST) != digest:
        return "it was deployed again in the meantime; run again"
    if _state(item) in _SERVING:
        return ""
    return explain(_message(item)) if _state(item) in _FAILED else None


def _stale(item: dict[str, Any], rendered: dict[str, Any] | None) -> str:
    """Return why a release that the cluster has is to be applied again, or ""."""
    if rendered is None or _annotations(item).get(RENDERED) == _annotations(rendered)[RENDERED]:
        return ""
    return "its settings for the cluster changed"


def _described(name: str, item: dict[str, Any]) -> Deployed:
    annotations = _annotations(item)
    urls = (item.get("status") or {}).get("internalInvocationUrls") or [""]
    return Deployed(
        name=name,
        type=annotations.get("type", ""),
        variant=annotations.get(VARIANT, ""),
        state=_state(item),
        licence=annotations.get(LICENCE, ""),
        origin=annotations.get(ORIGIN, ""),
        release=annotations.get(DIGEST),
        url=f"http://{urls[0]}" if urls[0] else "",
        problem=explain(_message(item)) if _state(item) in _FAILED else "",
    )


def _annotations(item: dict[str, Any]) -> dict[str, str]:
    return item["metadata"].get("annotations") or {}


def _state(item: dict[str, Any]) -> str:
    return str((item.get("status") or {}).get("state", ""))


def _message(item: dict[str, Any]) -> str:
    return str((item.get("status") or {}).get("message") or "Nuclio does not say why")
