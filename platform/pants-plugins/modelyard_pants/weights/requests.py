"""The requests and results of the rules for weights."""

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
    """The files a model loads, at the root of `digest`, or one line on why they are missing."""

    digest: Digest | None
    blocked: str | None = None

    def cacheable(self) -> bool:
        # Missing weights may be available at the next build.
        return self.blocked is None


def stands_for_weights(target: Target) -> bool:
    """Whether `WeightsRequest` accepts the target."""
    return target.has_field(WeightsSourceUrlField) or target.has_field(ExporterField)


@dataclass(frozen=True)
class LocalWeightsRequest:
    """A function's dependencies that are weights files in the repository itself."""

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
    """The network of an `exported_weights` target."""

    target: Target


@dataclass(frozen=True)
class ExporterRun:
    """A module with a function `export`, and the files passed to it.

    `tool` is the option with the address of what runs it.
    """

    module: str
    name: str
    files: Digest
    code: tuple[Address, ...] = ()
    tool: str = "weights_exporter"


@dataclass(frozen=True)
class LicensedRequest:
    """Weights converted from `files`, to which their licence is added."""

    made: Digest
    files: Digest
