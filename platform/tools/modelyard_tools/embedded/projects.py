"""Nuclio's projects, which group functions. CVAT lists those in `cvat`."""

import logging
from typing import Any

import msgspec

from modelyard_contract.nuclio import DEFAULT_NAMESPACE, DEFAULT_PROJECT
from modelyard_tools.files.atomic import set_aside, write_atomically
from modelyard_tools.home.folders import Home
from modelyard_tools.releases.manifest import Name

_log = logging.getLogger(__name__)


class _Metadata(msgspec.Struct, frozen=True):
    name: Name
    namespace: str = DEFAULT_NAMESPACE
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Project(msgspec.Struct, frozen=True):
    """A project in the API's format."""

    metadata: _Metadata
    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}


class Projects:
    """All projects, stored in one file of the home. The project `default` always exists."""

    def __init__(self, home: Home) -> None:
        self._path = home.projects
        self._all = {DEFAULT_PROJECT: Project(_Metadata(DEFAULT_PROJECT))}
        self._all |= self._load()

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def get(self, name: str) -> Project | None:
        """Return the project of that name, if there is one."""
        return self._all.get(name)

    def all(self) -> dict[str, Project]:
        """Return all projects by name."""
        return dict(self._all)

    def put(self, project: Project) -> None:
        """Add the project, or replace the one with its name."""
        self._all[project.metadata.name] = project
        self._save()

    def delete(self, name: str) -> None:
        """Remove the project, if it exists."""
        if self._all.pop(name, None):
            self._save()

    def _load(self) -> dict[str, Project]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Project])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as error:
            aside = set_aside(self._path)
            _log.error("the list of projects is damaged (%s); kept as %s", error, aside)
            return {}

    def _save(self) -> None:
        write_atomically(self._path, msgspec.json.encode(self._all))
