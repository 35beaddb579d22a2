"""A function whose workers are reloaded when their sources change."""

import asyncio
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec
from watchfiles import DefaultFilter, awatch

from modelyard.serving.protocol.development import RELOAD_PATH, NotLoaded, Reloaded
from modelyard.serving.protocol.messages import Event, Reply
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.server.spec import StartError, WorkerSpec
from modelyard_contract.labels import LabelError
from modelyard_tools.deployer.development.labels import LabelFile
from modelyard_tools.deployer.output.report import Report

DRAIN: Final = 5.0
_CODE: Final = ".py"
_NEXT: Final = "cannot load; the next edit triggers another attempt"


class ReloadingFunction:
    """A function whose workers are replaced when its sources change.

    While new ones load, the old ones answer. If the new ones cannot start, every
    request is answered with the reason, traceback included: an answer from code
    that is no longer there would mislead.

    If only files of `package` changed, its workers, which run `modelyard.serving.worker.develop`,
    reimport them and keep everything else loaded. Labels are read again whenever workers start,
    and when their file changes.

    Attributes:
        failure: Why nothing is loaded, in one line; "" while something is.
        story: What has been reported so far, for clients that do not see the terminal.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        report: Report,
        package: str = "",
        *,
        labels: LabelFile | None = None,
        overlap: bool = True,
    ) -> None:
        """Serve with workers of `spec`; without `overlap`, old ones end before new ones load."""
        self._overlap = overlap
        self._spec = spec
        self._package = package
        self._report = report
        self._label_file = labels
        self._pool: WorkerPool | None = None
        self._traceback: list[str] = []
        self.failure = "the function is still loading"
        self.story = ""

    @property
    def ready(self) -> int:
        """How many workers can answer."""
        return self._pool.ready if self._pool else 0

    @property
    def labels(self) -> list[dict[str, Any]] | None:
        """The labels as last read from the working copy; None if they are the build's."""
        return self._label_file.labels if self._label_file else None

    async def call(self, event: Event) -> Reply:
        """Return the reply to `event`; a 503 while nothing is loaded."""
        if self._pool is None:
            body = msgspec.json.encode(NotLoaded(self.failure, self._traceback))
            return Reply(status=503, body=body, content_type="application/json")
        return await self._pool.call(event)

    async def follow(self, source_roots: Sequence[Path]) -> None:
        """Load, and reload after every change of a Python file or the labels, until cancelled."""
        more = [self._label_file.path] if self._label_file else []
        # Editors replace files: watch the folder.
        folders = {*source_roots, *(path.parent for path in more)}
        watch = awatch(*folders, watch_filter=_Followed(more))
        # The watch begins before the first load, so that no edit is missed.
        upcoming = asyncio.ensure_future(anext(watch))
        try:
            await self._load()
            while True:
                changes = await upcoming
                upcoming = asyncio.ensure_future(anext(watch))
                names = sorted({Path(path).name for _, path in changes})
                self._tell(f"{', '.join(names)} changed")
                if not (self._is_own(changes, source_roots) and await self._reload()):
                    await self._load()
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)

    def _is_own(self, changes: Iterable[tuple[Any, str]], source_roots: Sequence[Path]) -> bool:
        """Whether all changed files are code of the package."""
        if not self._package:
            return False
        folders = [(root / self._package).resolve() for root in source_roots]
        paths = [Path(path).resolve() for _, path in changes]
        return all(
            path.suffix == _CODE and any(path.is_relative_to(folder) for folder in folders)
            for path in paths
        )

    async def _reload(self) -> bool:
        """Have the workers reimport the package; False if they cannot even try."""
        if self._pool is None:
            return False
        reply = await self._pool.call(Event("reload", method="GET", path=RELOAD_PATH))
        try:
            if reply.status == HTTPStatus.OK:
                done = msgspec.json.decode(reply.body, type=Reloaded)
                self.failure = ""
                kept = ", weights kept" if done.kept else ""
                self._tell(f"loaded in {done.seconds:.1f} s{kept}")
            else:
                failed = msgspec.json.decode(reply.body, type=NotLoaded)
                self.failure = failed.error
                self._tell("\n".join([*failed.traceback, _NEXT]))
        except msgspec.DecodeError:
            return False
        return True

    async def _load(self) -> None:
        """Start new workers, switch over to them, and stop the old ones."""
        pool = WorkerPool(self._spec)
        old, failure = self._pool, None
        if old and not self._overlap:
            self._pool, self.failure = None, "the function is loading again"
            await old.stop(0)
            old = None
        try:
            if self._label_file:
                self._label_file.apply()
            await pool.start()
        except (LabelError, StartError) as error:
            failure = str(error).strip()
        except asyncio.CancelledError:
            await pool.stop(0)
            raise
        self._pool = None if failure else pool
        self._traceback = failure.splitlines() if failure else []
        self.failure = self._traceback[-1] if failure else ""
        if failure:
            self._tell(f"{failure}\n{_NEXT}")
        else:
            self._tell(f"loaded in {pool.load_seconds:.1f} s")
        if old:
            await old.stop(DRAIN)

    def _tell(self, text: str) -> None:
        self._report.error(text)
        self.story += f"{text}\n"

    async def stop(self) -> None:
        """Stop the workers."""
        if self._pool:
            await self._pool.stop(DRAIN)


class _Followed(DefaultFilter):
    """A function's source files, without its tests, and `more` files."""

    def __init__(self, more: Iterable[Path]) -> None:
        super().__init__()
        self._more = frozenset(more)

    def __call__(self, change: Any, path: str) -> bool:
        wanted = path.endswith(_CODE) and not path.endswith("_test.py")
        return (wanted or Path(path).resolve() in self._more) and super().__call__(change, path)
