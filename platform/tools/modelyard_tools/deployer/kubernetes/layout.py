"""The objects as a folder for kustomize: `kubectl apply -k FOLDER`, or a GitOps repository."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract.nuclio import project_of
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.history import Config
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.kubernetes.objects import function, project, waiting
from modelyard_tools.deployer.kubernetes.settings import Cluster
from modelyard_tools.errors import ToolError

_FUNCTIONS: Final = "functions"
_HEADER: Final = (
    b"# Written by `./pants run ::deploy -- render`; an overlay is the place for changes.\n"
)


class Layout(msgspec.Struct, frozen=True):
    """The objects: projects and functions by name, and why some releases have none."""

    projects: dict[str, dict[str, Any]]
    functions: dict[str, dict[str, Any]]
    failures: dict[str, str]


def layout_of(releases: Sequence[BuiltRelease], cluster: Cluster, namespace: str) -> Layout:
    """Return the objects of the releases that can run; a blocked one has none."""
    functions: dict[str, dict[str, Any]] = {}
    failures: dict[str, str] = {}
    for release in releases:
        name = release.manifest.name
        try:
            if release.manifest.blocked:
                raise DeployError(f"blocked: {release.manifest.blocked}")
            functions[name] = function(release, cluster, namespace)
        except ToolError as error:
            failures[name] = str(error)
    return Layout(_projects(functions, namespace), functions, failures)


def layout_again(configs: Sequence[Config], namespace: str) -> Layout:
    """Return the objects of configurations that came from a cluster."""
    functions = {config["metadata"]["name"]: waiting(config, namespace) for config in configs}
    return Layout(_projects(functions, namespace), functions, {})


def write_layout(folder: Path, layout: Layout) -> None:
    """Write kustomization.yaml and one file per project and function; remove old files of ours.

    Raises:
        DeployError: the folder contains other files, or cannot be written.
    """
    files = {f"project-{name}.yaml": item for name, item in layout.projects.items()}
    files |= {f"{_FUNCTIONS}/{name}.yaml": item for name, item in layout.functions.items()}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    try:
        _clear(folder)
        (folder / _FUNCTIONS).mkdir(parents=True)
        for path, item in {"kustomization.yaml": kustomization, **files}.items():
            (folder / path).write_bytes(_HEADER + _yaml(item))
    except OSError as error:
        raise DeployError(f"cannot write {folder}: {error.strerror}") from None


def _projects(functions: Mapping[str, dict[str, Any]], namespace: str) -> dict[str, dict[str, Any]]:
    names = sorted({project_of(item["metadata"]) for item in functions.values()})
    return {name: project(name, namespace) for name in names}


def _clear(folder: Path) -> None:
    """Remove what was rendered there before, and nothing else."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    marker = folder / "kustomization.yaml"
    if not marker.is_file() or not marker.read_bytes().startswith(_HEADER):
        raise DeployError(f"{folder} contains other files; name an empty folder")
    for file in (marker, *folder.glob("project-*.yaml")):
        file.unlink()
    shutil.rmtree(folder / _FUNCTIONS, ignore_errors=True)


def _yaml(item: Mapping[str, Any]) -> bytes:
    return msgspec.yaml.encode(item)
