"""The variants of a function, each with its settings merged over the function's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from pants.backend.python.subsystems.setup import PythonSetup
from pants.engine.target import Target

from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.fields import FUNCTION_FIELDS
from modelyard_pants.function.identity import (
    DisplayNameField,
    FrameworkField,
    FunctionNameField,
    HandlerField,
)
from modelyard_pants.function.model import HeadField, WeightsField
from modelyard_pants.function.serving import PortField
from modelyard_pants.function.variants import OF_THE_GENERATOR, ClassicField, VariantsField
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class Variant:
    """One variant of a function with its settings merged over the function's own."""

    name: str
    first: bool
    resolve: str
    sources_resolve: str
    weights: tuple[str, ...]
    classic: bool
    values: Mapping[str, Any]

    @property
    def output(self) -> str:
        return f"{self.values[FunctionNameField.alias]}/{self.name}"


def variants(
    generator: Target, modelyard: Modelyard, python_setup: PythonSetup
) -> Iterator[Variant]:
    """Return the variants of a function in the order of its BUILD file.

    Raises `InvalidModelFunction` if the resolve of a variant is not known.
    """
    values = {field.alias: generator[field].value for field in FUNCTION_FIELDS}
    framework = generator[FrameworkField].value
    sources_resolve = None
    for index, (name, settings) in enumerate(generator[VariantsField].value.items()):
        resolve = settings.get("resolve") or modelyard.resolves.get(f"{framework}-{name}")
        if resolve is None:
            raise InvalidModelFunction(
                generator.address,
                f"{VariantsField.alias}[{name}]",
                dict(settings),
                f"no resolve is known for {framework}-{name}: give the variant a `resolve`, or "
                "add it to [modelyard].resolves",
            )
        if resolve not in python_setup.resolves:
            raise InvalidModelFunction(
                generator.address,
                f"{VariantsField.alias}[{name}][resolve]",
                resolve,
                f"accepted: {', '.join(sorted(python_setup.resolves))}",
            )
        # Unless a variant has its own handler, all share one set of sources. They are looked up,
        # linted and tested in the resolve of the first variant, so that this does not require CUDA.
        sources_resolve = sources_resolve or resolve
        if HandlerField.alias in settings and generator[HeadField].value:
            raise InvalidModelFunction(
                generator.address,
                f"{VariantsField.alias}[{name}][{HandlerField.alias}]",
                settings[HandlerField.alias],
                "a head replaces the handler: remove one of them",
            )
        overrides = {k: v for k, v in settings.items() if k not in OF_THE_GENERATOR}
        yield Variant(
            name=name,
            first=index == 0,
            resolve=resolve,
            sources_resolve=resolve if HandlerField.alias in settings else sources_resolve,
            weights=settings.get(WeightsField.alias, generator[WeightsField].value or ()),
            classic=settings.get(ClassicField.alias, generator[ClassicField].value),
            values={**values, **({} if index == 0 else _suffixed(values, name)), **overrides},
        )


def _suffixed(values: Mapping[str, Any], variant: str) -> Mapping[str, Any]:
    # Two variants with the same name would silently replace each other in Nuclio.
    return {
        FunctionNameField.alias: f"{values[FunctionNameField.alias]}-{variant}",
        DisplayNameField.alias: f"{values[DisplayNameField.alias]} ({variant.upper()})",
        PortField.alias: None,
    }
