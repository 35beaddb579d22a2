"""All functions of the platform."""

import asyncio
import logging
from typing import Final

from modelyard_tools.embedded.access import Access
from modelyard_tools.embedded.function import Function
from modelyard_tools.embedded.host import Host
from modelyard_tools.embedded.projects import Projects
from modelyard_tools.files.logfile import rotate
from modelyard_tools.home.folders import Home
from modelyard_tools.home.state import Record, Store
from modelyard_tools.releases.config import ConfigError, FunctionConfig

_log = logging.getLogger(__name__)

_DELETE_DRAIN: Final = 5.0


class ConflictError(Exception):
    """A function of that name exists already."""


class PreconditionError(Exception):
    """The request is not possible in the current state."""


class Functions:
    """The functions by name. All changes go through here."""

    def __init__(
        self, home: Home, projects: Projects, access: Access, *, access_log: bool = False
    ) -> None:
        self._host = Host(home, Store(home), access, access_log)
        self._projects = projects
        self._all: dict[str, Function] = {}
        self._leaving: set[str] = set()

    def get(self, name: str, namespace: str) -> Function | None:
        """Return the function of that name, if there is one in the namespace."""
        function = self._all.get(name)
        return function if function and function.config.namespace == namespace else None

    def all(self, namespace: str, project: str | None = None) -> dict[str, Function]:
        """Return the functions of a namespace by name, or those of one project in it."""
        return {
            name: function
            for name, function in sorted(self._all.items())
            if function.config.namespace == namespace and project in (None, function.config.project)
        }

    def everything(self) -> list[Function]:
        """Return the functions of all namespaces by name."""
        return [self._all[name] for name in sorted(self._all)]

    @property
    def waiting_for_gpu(self) -> int:
        """How many functions wait for GPU memory."""
        return self._host.gpus.waiting

    def in_project(self, project: str) -> list[Function]:
        """Return the functions of a project."""
        return [each for each in self._all.values() if each.config.project == project]

    def create(self, config: FunctionConfig) -> asyncio.Task[None]:
        """Like `put`, for a function that must be new.

        Raises:
            ConflictError: it exists.
            PreconditionError: as `put`.
        """
        if config.name in self._all:
            raise ConflictError("Cannot create two functions with the same name")
        return self.put(config)

    def put(self, config: FunctionConfig) -> asyncio.Task[None]:
        """Start to deploy `config`; the task ends when it serves or has failed.

        Raises:
            PreconditionError: no such project, or the function is being deployed or deleted.
        """
        if config.project not in self._projects:
            raise PreconditionError("Project does not exist")
        function = self._all.get(config.name)
        if config.name in self._leaving:
            raise PreconditionError("Function cannot be updated while it is being deleted")
        if function and function.provisioning:
            raise PreconditionError(
                "Function cannot be updated when existing function is being provisioned"
            )
        if function is None:
            function = Function(self._host, config)
            self._all[config.name] = function
        return function.deploy(config)

    async def delete(self, name: str, *, force: bool) -> None:
        """Stop and remove the function; do nothing if there is none.

        Raises:
            PreconditionError: it is being deployed, and `force` is not given.
        """
        function = self._all.get(name)
        if function is None or name in self._leaving:
            return
        if function.provisioning and not force:
            raise PreconditionError("Function is being provisioned and cannot be deleted")
        self._leaving.add(name)
        try:
            self._host.store.delete(name)
            await function.close(_DELETE_DRAIN)
            del self._all[name]
        finally:
            self._leaving.discard(name)
        _log.info("deleted", extra={"function": name})

    def resume(self) -> None:
        """Resume all functions in the store, in the background.

        Those that scale to zero start with their first request.
        """
        for record in self._host.store.load():
            try:
                self._resume(record)
            except ConfigError as error:
                _log.error("not resumed", extra={"function": record.name, "why": str(error)})

    async def close(self, drain: float) -> None:
        """Stop all functions at once; they stay in the store."""
        await asyncio.gather(*(function.close(drain) for function in self._all.values()))

    def rotate_logs(self) -> None:
        """Keep the log of each function within its size limit."""
        for name in self._all:
            if rotate(self._host.home.function_log(name)):
                _log.info("rotated the log", extra={"function": name})

    def _resume(self, record: Record) -> None:
        raw = record.serving or record.wanted
        if raw is None:
            return
        if record.serving and record.wanted not in (None, record.serving):
            _log.warning("a deployment was interrupted", extra={"function": record.name})
        config = FunctionConfig.parse(raw)
        function = Function(self._host, config, record.serving)
        self._all[config.name] = function
        if record.serving and function.idle_timeout:
            function.rest()
        else:
            function.deploy(config)
