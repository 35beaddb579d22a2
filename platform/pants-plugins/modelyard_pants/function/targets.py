"""`model_function` and `label_set`, as authors write them."""

from __future__ import annotations

from pants.engine.target import COMMON_TARGET_FIELDS, SingleSourceField, Target, TargetGenerator
from pants.util.strutil import help_text

from modelyard_pants.function.fields import FUNCTION_FIELDS
from modelyard_pants.function.model import WeightsField
from modelyard_pants.function.variants import ClassicField, VariantsField


class ModelFunction(TargetGenerator):
    alias = "model_function"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        *FUNCTION_FIELDS,
        WeightsField,
        ClassicField,
        VariantsField,
    )
    copied_fields = COMMON_TARGET_FIELDS
    moved_fields = ()
    help = help_text(
        """
        A computer-vision model served as a function that CVAT calls.

        For each variant, such as `cpu`, it generates `#cpu-srcs` (the handler and the library code
        it imports, as a PEX), `#cpu-assets` (labels and weights), `#cpu-spec` (the Nuclio
        function.yaml), `#cpu-predict` (try it on a picture) and `#cpu` (the release: all of these
        with one content digest). For other ways to run it there are `#cpu-processor`
        (processor.yaml), `#cpu-kubernetes` (kubernetes.yaml) and, with `classic=True`,
        `#cpu-classic` (a folder that Nuclio builds an image from). `#cpu-image` is a standalone
        container image that serves the function, `#cpu-nuclio` the one that Nuclio runs.
        """
    )


class LabelSetSourceField(SingleSourceField):
    required = True
    expected_file_extensions = (".json",)
    help = "A JSON list of labels with `id`, `name`, `type` and `attributes`."


class LabelSet(Target):
    alias = "label_set"
    core_fields = (*COMMON_TARGET_FIELDS, LabelSetSourceField)
    help = "A named set of labels that several functions share, such as COCO's."
