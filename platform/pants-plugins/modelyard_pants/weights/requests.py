"""What the rules of weights ask of each other, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.fs import Digest
from pants.engine.target import Target, Targets

from modelyard_pants.weights.export_targets import ExporterField
from modelyard_pants.weights.targets import WeightsSourceUrlField


@dataclass(frozen=True)
class WeightsRequest:
    target: Target


@dataclass(frozen=True)
class Weights(EngineAwareReturnType):
    """The files a model loads, at the root of `digest`, or the one-line reason they are missing."""

    digest: Digest | None
    blocked: str | None = None

    def cacheable(self) -> bool:
        # What is missing now may be there at the next build.
        return self.blocked is None


def stands_for_weights(target: Target) -> bool:
    """Say whether `WeightsRequest` takes the target."""
    return target.has_field(WeightsSourceUrlField) or target.has_field(ExporterField)


@dataclass(frozen=True)
class LocalWeightsRequest:
    """The files that a function loads from the repository itself, among its dependencies."""

    dependencies: Targets


@dataclass(frozen=True)
class FetchWeightsRequest:
    target: Target


@dataclass(frozen=True)
class ConvertWeightsRequest:
    fetched: Digest
    converter: str
    name: str


@dataclass(frozen=True)
class ExportWeightsRequest:
    """The network that an `exported_weights` target stands for."""

    target: Target


@dataclass(frozen=True)
class ExporterRun:
    """A module with a function `export`, and the files that it is given."""

    module: str
    name: str
    files: Digest
    code: tuple[Address, ...] = ()


@dataclass(frozen=True)
class LicensedRequest:
    """What was made of `files`, with their licence: it travels with the weights it is about."""

    made: Digest
    files: Digest
