from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.nuclio import classic_build, classic_package, codegen
from modelyard_pants.nuclio.targets import (
    NuclioClassic,
    NuclioKubernetes,
    NuclioProcessor,
    NuclioSpec,
)


def target_types() -> Iterable[type[Target]]:
    return (
        NuclioClassic,
        NuclioKubernetes,
        NuclioProcessor,
        NuclioSpec,
    )


def rules() -> Iterable[Any]:
    return (
        *classic_build.rules(),
        *classic_package.rules(),
        *codegen.rules(),
    )
