"""The variants of a function, and the settings each may override."""

from __future__ import annotations

import re
from typing import Any, Callable, ClassVar, Mapping

from pants.engine.addresses import Address
from pants.engine.target import BoolField, Dependencies, Field, StringField
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.fields import VARIANT_FIELDS
from modelyard_pants.function.model import WeightsField


class ClassicField(BoolField):
    value: bool
    alias = "classic"
    default = False
    help = help_text(
        """
        Also generate `#<variant>-classic`: the function in the form of CVAT's own `serverless`
        folders, from which `nuctl deploy --path` builds an image. For contributing it upstream, or
        for a Nuclio that is given only sources.
        """
    )


class VariantField(StringField):
    alias = "variant"
    required = True
    help = "The variant of the function this target belongs to."


class VariantResolveField(StringField):
    alias = "resolve"
    required = True
    help = "The Python resolve the variant's third-party dependencies come from."


class VariantDependenciesField(Dependencies):
    help = "What this artifact of a function is made of. Set by `model_function`."


# What is generated for each variant besides the release itself: `#cpu-srcs` and so on.
ARTIFACTS = (
    "srcs",
    "assets",
    "spec",
    "processor",
    "kubernetes",
    "classic",
    "predict",
    "image",
    "nuclio",
)


def _is_address_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


# Settings of a variant that are not fields of a generated target, so nothing else would check them.
OF_THE_GENERATOR: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "resolve": (lambda value: isinstance(value, str), "the name of a Python resolve is accepted"),
    WeightsField.alias: (_is_address_list, "a list of addresses is accepted"),
    ClassicField.alias: (lambda value: isinstance(value, bool), "True or False is accepted"),
}

_VARIANT_KEYS = (*OF_THE_GENERATOR, *(field.alias for field in VARIANT_FIELDS))


class VariantsField(Field):
    alias = "variants"
    default: ClassVar[FrozenDict] = FrozenDict({"cpu": FrozenDict()})
    help = help_text(
        f"""
        The variants of the function, by name, each with its own settings. The first has the
        function's name; the others, such as `gpu`, are deployed as `<name>-<variant>` unless they
        set `function_name`. A variant may set: {", ".join(_VARIANT_KEYS)}.
        """
    )
    value: FrozenDict[str, FrozenDict[str, Any]]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict:
        value = super().compute_value(raw_value, address)
        if not isinstance(value, Mapping) or not value:
            raise InvalidModelFunction(
                address, cls.alias, value, 'a mapping such as {"cpu": {}} is accepted'
            )
        for variant, settings in value.items():
            _require_variant_name(variant, address)
            _require_variant_settings(settings, f"{cls.alias}[{variant}]", address)
        return FrozenDict.deep_freeze({k: dict(v) for k, v in value.items()})


def _require_variant_name(variant: Any, address: Address) -> None:
    named = isinstance(variant, str) and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", variant)
    if not named:
        raise InvalidModelFunction(
            address,
            VariantsField.alias,
            variant,
            "a variant's name has lowercase letters, digits and inner dashes",
        )
    # The variant `cpu-spec` and the spec of the variant `cpu` would have the same address.
    if variant.rpartition("-")[2] in ARTIFACTS:
        raise InvalidModelFunction(
            address,
            VariantsField.alias,
            variant,
            f"a variant's name must not end like a generated target: {', '.join(ARTIFACTS)}",
        )


def _require_variant_settings(settings: Any, where: str, address: Address) -> None:
    if not isinstance(settings, Mapping):
        raise InvalidModelFunction(address, where, settings, "a mapping is accepted")
    for key, value in settings.items():
        if key not in _VARIANT_KEYS:
            raise InvalidModelFunction(address, where, key, f"accepted: {', '.join(_VARIANT_KEYS)}")
        usable, accepted = OF_THE_GENERATOR.get(key, (None, ""))
        if usable is not None and not usable(value):
            raise InvalidModelFunction(address, f"{where}[{key}]", value, accepted)
