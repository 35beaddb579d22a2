"""`model_predict` tries a function; `model_deploy` deploys all functions."""

from __future__ import annotations

from typing import ClassVar

from pants.engine.target import COMMON_TARGET_FIELDS, StringField, Target
from pants.util.strutil import help_text

from modelyard_pants.function.variants import VariantDependenciesField, VariantField


class PredictMarkerField(StringField):
    alias = "predict_of"
    help = "The function this command runs. Set by `model_function`."


class ModelPredict(Target):
    alias = "model_predict"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        VariantField,
        VariantDependenciesField,
        PredictMarkerField,
    )
    help = "Runs the function's model on a picture: `./pants run path#predict -- photo.jpg`."


class DeployMarkerField(StringField):
    alias = "platform"
    default = "embedded"
    valid_choices: ClassVar[tuple[str, ...]] = ("embedded",)
    help = "Where the functions are deployed."


class ModelDeploy(Target):
    alias = "model_deploy"
    core_fields = (*COMMON_TARGET_FIELDS, DeployMarkerField)
    help = help_text(
        """
        Deploys every function of the repository that changed: `./pants run //:deploy`.
        """
    )
