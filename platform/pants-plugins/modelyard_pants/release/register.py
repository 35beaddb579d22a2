from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.release import all_releases, bundle, pex, release
from modelyard_pants.release.targets import ModelRelease


def target_types() -> Iterable[type[Target]]:
    return (ModelRelease,)


def rules() -> Iterable[Any]:
    return (
        *all_releases.rules(),
        *bundle.rules(),
        *pex.rules(),
        *release.rules(),
    )
