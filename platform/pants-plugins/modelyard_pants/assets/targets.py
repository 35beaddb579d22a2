"""`model_assets`: the data that the model loads."""

from __future__ import annotations

from pants.core.goals.package import OutputPathField
from pants.engine.target import COMMON_TARGET_FIELDS, StringField, Target

from modelyard_pants.function.fields import FUNCTION_FIELDS
from modelyard_pants.function.variants import VariantDependenciesField, VariantField


class ModelAssetsMarkerField(StringField):
    alias = "assets_of"
    help = "The function these assets belong to. Set by `model_function`."


class ModelAssets(Target):
    alias = "model_assets"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        VariantField,
        VariantDependenciesField,
        OutputPathField,
        ModelAssetsMarkerField,
    )
    help = "The folder a model loads from: `model.json` with its labels, and `weights/`."
