"""`model_weights`: where pretrained weights are published, and by whom."""

from __future__ import annotations

import re
from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    Dependencies,
    DictStringToStringField,
    IntField,
    StringField,
    Target,
    ValidNumbers,
)
from pants.util.strutil import help_text

from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.identity import (
    NOT_STATED,
    LicenceField,
    OriginField,
    RequiredTextField,
    one_line,
)


class LicenceStatedAtField(RequiredTextField):
    alias = "licence_stated_at"
    help = help_text(
        f"""
        Where `licence` is stated, such as the URL of a model card or of a repository's LICENSE
        file; for `{NOT_STATED}`, where one would expect it.
        """
    )


class CodeLicenceField(StringField):
    alias = "code_licence"
    help = help_text(
        f"""
        Licence of the code that the author publishes with the weights, if it differs from that of
        the weights; `{NOT_STATED}` if there is none.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        return value if value is None else one_line(cls.alias, value, address)


class WeightsSourceUrlField(StringField):
    alias = "source"
    required = True
    help = help_text(
        """
        Where the weights' authors publish them: an `https:` URL, `npm:<package>@<version>` or
        `pypi:<package>==<version>` for weights that ship inside a package. If a URL does not end
        with the file's name, append `#` and the name.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address)
        if value is None or not re.fullmatch(
            r"(https?|file)://\S+|npm:(@[\w.-]+/)?[\w.-]+@[\w.-]+|pypi:[\w.-]+==[\w.]+", value
        ):
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                "an https URL, npm:<package>@<version> or pypi:<package>==<version>",
            )
        return value


class WeightsSha256Field(StringField):
    alias = "sha256"
    help = help_text(
        """
        SHA-256 of the published file, as 64 hexadecimal digits. Checked before use. If the
        publisher states another kind of digest, use `digest`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        if value is not None and not re.fullmatch(r"[0-9a-f]{64}", value):
            raise InvalidModelFunction(
                address, cls.alias, value, "64 lowercase hexadecimal digits are needed"
            )
        return value


class WeightsDigestField(StringField):
    alias = "digest"
    help = help_text(
        """
        The digest of the published file as its publisher states it: `sha256:`, `sha384:` or
        `sha512:` and the lowercase hexadecimal digits. Checked before use. Without this or
        `sha256`, nothing is fetched and the function is blocked until somebody who trusts the file
        records its digest here.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> Optional[str]:
        value = super().compute_value(raw_value, address)
        if value is not None and not re.fullmatch(
            r"sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})", value
        ):
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                "sha256:, sha384: or sha512: and lowercase hexadecimal digits are needed",
            )
        return value


class WeightsSizeField(IntField):
    alias = "size"
    valid_numbers = ValidNumbers.positive_only
    help = "Size of the published file in bytes. May be omitted only if the digest is."


class WeightsMembersField(DictStringToStringField):
    alias = "members"
    help = help_text(
        """
        For an archive: the members to extract, each with its new file name. By default the
        published file itself is the weights, named like the last part of its URL.
        """
    )


class WeightsConverterField(StringField):
    alias = "convert"
    valid_choices = (
        "tfjs",
        "openvino",
        "darknet",
        "torch-mobilenetv2",
        "torch-dextr",
        "torchscript",
        "ultralytics",
        "rfdetr",
    )
    help = help_text(
        """
        How to convert the fetched files to an OpenVINO IR with half-precision weights, named like
        the target. `tfjs`: a TensorFlow.js graph model. `openvino`: the one file that OpenVINO
        reads itself, such as a frozen TensorFlow graph (.pb) or ONNX. `darknet`: a .cfg and its
        .weights. `torch-mobilenetv2`: a PyTorch checkpoint of MobileNetV2 without its classifier;
        none of its code is run. `torch-dextr`: the same for DEXTR, whose weights stay float32.
        `torchscript`: the one file that `torch.jit.save` wrote; its weights keep their precision.
        `ultralytics`, `rfdetr`: a checkpoint, which that package exports; it is fetched for this
        alone, and Ultralytics is licensed AGPL-3.0. No conversion by default.
        """
    )


class ModelWeights(Target):
    alias = "model_weights"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        Dependencies,
        WeightsSourceUrlField,
        WeightsSha256Field,
        WeightsDigestField,
        WeightsSizeField,
        WeightsMembersField,
        WeightsConverterField,
        LicenceField,
        LicenceStatedAtField,
        CodeLicenceField,
        OriginField,
    )
    help = "Pretrained weights: where they are published, their digest, and how they are converted."
