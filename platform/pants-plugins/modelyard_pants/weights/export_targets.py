"""`exported_weights`: a torch network that OpenVINO runs."""

from __future__ import annotations

import re
from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    AsyncFieldMixin,
    Dependencies,
    StringField,
    StringSequenceField,
    Target,
)
from pants.util.strutil import help_text

from modelyard_pants.common.errors import InvalidModelFunction


class ExporterField(StringField, AsyncFieldMixin):
    alias = "exporter"
    default = "export.py"
    help = help_text(
        """
        A file next to the BUILD file with a function `export(weights: Path) -> openvino.Model`. It
        gets the folder with the files of `weights`, and may import torch,
        `modelyard.inference.export` and the model's own code, all in the resolve `torch-cpu`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address) or cls.default
        if not re.fullmatch(r"[A-Za-z_]\w*\.py", value):
            raise InvalidModelFunction(address, cls.alias, value, "a file such as `export.py`")
        return value


class ExportedFromField(StringSequenceField):
    alias = "weights"
    required = True
    help = "Addresses of the network's sources, such as a `model_weights`."


class ExportDependenciesField(Dependencies):
    """Also depends on the exporter and on what it exports."""


class ExportedWeights(Target):
    alias = "exported_weights"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        ExportDependenciesField,
        ExporterField,
        ExportedFromField,
    )
    help = help_text(
        """
        A torch network as an OpenVINO IR, `<name>.xml` and `<name>.bin`, made from published
        weights when a release is built, for a variant that runs without torch. Its address goes
        into the `weights` of that variant. See docs/without-torch.md.
        """
    )
