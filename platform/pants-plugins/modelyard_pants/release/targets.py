"""`model_release`: one variant of a function, built."""

from __future__ import annotations

from pants.core.goals.package import OutputPathField
from pants.engine.target import COMMON_TARGET_FIELDS, StringField, Target
from pants.util.strutil import help_text

from modelyard_pants.function.fields import FUNCTION_FIELDS
from modelyard_pants.function.variants import (
    VariantDependenciesField,
    VariantField,
    VariantResolveField,
)


class ReleaseMarkerField(StringField):
    alias = "release_of"
    help = "The function this release belongs to. Set by `model_function`."


class ModelRelease(Target):
    alias = "model_release"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        VariantField,
        VariantResolveField,
        VariantDependenciesField,
        OutputPathField,
        ReleaseMarkerField,
    )
    help = help_text(
        """
        Everything a deployer needs for one variant of a function, with one content digest over
        dependencies, sources, assets and spec.
        """
    )
