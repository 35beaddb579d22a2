"""Targets in this repository's BUILD files, as keyword arguments."""

import builtins
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Target(NamedTuple):
    """A target as written; `folder` is that of its BUILD file."""

    kind: str
    folder: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name, by default that of its folder."""
        return str(self.fields.get("name") or Path(self.folder).name)

    def address(self, reference: str) -> str:
        """Return the address that one of its fields refers to, without `//`."""
        return f"{self.folder}{reference}" if reference.startswith(":") else reference.lstrip("/")


class _Names(dict[str, Any]):
    """The namespace of a BUILD file; undefined names create targets."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.targets: list[Target] = []
        self._folder = folder

    def __missing__(self, name: str) -> Callable[..., None]:
        if hasattr(builtins, name):
            raise KeyError(name)

        def target(*_: Any, **fields: Any) -> None:
            self.targets.append(Target(name, self._folder, fields))

        return target


def read_targets(pattern: str, kind: str) -> Iterator[Target]:
    """Yield the targets of a kind in the BUILD files that match `pattern`, such as `lib/BUILD*`."""
    for path in sorted(Path().glob(pattern)):
        names = _Names(str(path.parent))
        # As Pants does; the files are our own.
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), {}, names)  # noqa: S102
        yield from (target for target in names.targets if target.kind == kind)
