"""What a `model_weights` accepts: docs/targets.md and docs/weights.md."""

from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import Field, InvalidFieldException, InvalidTargetException
from pants.util.frozendict import FrozenDict

from modelyard_pants.weights.export_targets import ExportedFromField, ExporterField
from modelyard_pants.weights.targets import (
    CodeLicenceField,
    LicenceStatedAtField,
    ModelWeights,
    WeightsConverterField,
    WeightsDigestField,
    WeightsMembersField,
    WeightsSha256Field,
    WeightsSizeField,
    WeightsSourceUrlField,
)

ADDRESS = Address("3rdparty/models", target_name="w")
# 64, 96 and 128 hexadecimal digits are 256, 384 and 512 bits.
SHA256, SHA384, SHA512 = ("0123456789abcdef" * count for count in (4, 6, 8))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (WeightsSourceUrlField, "https://example.org/a/w.pth"),
        (WeightsSourceUrlField, "https://example.org:8443/a%20b.pth?download=1&x=y"),
        # "Where a URL does not end with the file's name, add it after a `#`."
        (WeightsSourceUrlField, "https://example.org/download?id=7#w.pth"),
        (WeightsSourceUrlField, "npm:face-api.js@0.22.2"),
        (WeightsSourceUrlField, "npm:@tensorflow-models/coco-ssd@2.2.3"),
        (WeightsSourceUrlField, "npm:a@1.0.0-beta.1"),
        (WeightsSourceUrlField, "pypi:rapidocr_onnxruntime==1.4.4"),
        (WeightsSourceUrlField, "pypi:ruamel.yaml==1.0rc1"),
        (WeightsSha256Field, SHA256),
        (WeightsDigestField, f"sha256:{SHA256}"),
        (WeightsDigestField, f"sha384:{SHA384}"),
        (WeightsDigestField, f"sha512:{SHA512}"),
        (WeightsSizeField, 1),
        (WeightsSizeField, 5 * 1024**3),
        (WeightsMembersField, FrozenDict({"a/b c.bin": "w.bin"})),
        *(
            (WeightsConverterField, name)
            for name in (
                "darknet",
                "openvino",
                "tfjs",
                "torch-dextr",
                "torch-mobilenetv2",
                "torchscript",
                "ultralytics",
                "rfdetr",
            )
        ),
        (LicenceStatedAtField, "https://example.org/LICENSE"),
        (LicenceStatedAtField, "the README, “Licence”"),
        (CodeLicenceField, "not stated"),
        (CodeLicenceField, "GPL-3.0-only"),
        (ExporterField, "export.py"),
        (ExporterField, "_2.py"),
        (ExportedFromField, ("//3rdparty/models:w", ":other")),
    ],
)
def test_a_value_is_taken_as_it_is(field: type[Field], value: Any) -> None:
    assert field(value, ADDRESS).value == value


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (WeightsSourceUrlField, "", "an https URL"),
        (WeightsSourceUrlField, "example.org/w.pth", "an https URL"),
        (WeightsSourceUrlField, "https://", "an https URL"),
        (WeightsSourceUrlField, "https://example.org/a b.pth", "an https URL"),
        (WeightsSourceUrlField, "ftp://example.org/w.pth", "an https URL"),
        (WeightsSourceUrlField, "HTTPS://example.org/w.pth", "an https URL"),
        (WeightsSourceUrlField, " https://example.org/w.pth", "an https URL"),
        (WeightsSourceUrlField, "https://example.org/w.pth\n", "an https URL"),
        # Without a version another file would be fetched tomorrow.
        (WeightsSourceUrlField, "npm:coco-ssd", "npm:<package>@<version>"),
        (WeightsSourceUrlField, "npm:@scope@1.0", "npm:<package>@<version>"),
        (WeightsSourceUrlField, "npm:../x@1.0", "npm:<package>@<version>"),
        (WeightsSourceUrlField, "pypi:torch", "pypi:<package>==<version>"),
        (WeightsSourceUrlField, "pypi:torch>=2", "pypi:<package>==<version>"),
        (WeightsSourceUrlField, "pypi:torch==2.*", "pypi:<package>==<version>"),
        (WeightsSourceUrlField, "pypi:torch==2;x", "pypi:<package>==<version>"),
        (WeightsSha256Field, "", "64 lowercase hexadecimal digits"),
        (WeightsSha256Field, SHA256[1:], "64 lowercase hexadecimal digits"),
        (WeightsSha256Field, SHA256 + "0", "64 lowercase hexadecimal digits"),
        (WeightsSha256Field, SHA256.upper(), "64 lowercase hexadecimal digits"),
        (WeightsSha256Field, SHA256[1:] + "g", "64 lowercase hexadecimal digits"),
        (WeightsSha256Field, f"sha256:{SHA256}", "64 lowercase hexadecimal digits"),
        (WeightsDigestField, SHA256, "sha256:, sha384: or sha512:"),
        # The length of one with the name of another.
        (WeightsDigestField, f"sha256:{SHA384}", "sha256:, sha384: or sha512:"),
        (WeightsDigestField, f"sha384:{SHA256}", "sha256:, sha384: or sha512:"),
        (WeightsDigestField, f"sha512:{SHA512[1:]}", "sha256:, sha384: or sha512:"),
        # Collisions of these are known.
        (WeightsDigestField, "md5:" + "0" * 32, "sha256:, sha384: or sha512:"),
        (WeightsDigestField, "sha1:" + "0" * 40, "sha256:, sha384: or sha512:"),
        (WeightsSizeField, 0, "size"),
        (WeightsSizeField, -1, "size"),
        (WeightsSizeField, "5 MB", "size"),
        (WeightsMembersField, ["w.bin"], "members"),
        (WeightsMembersField, {"a": 1}, "members"),
        (WeightsConverterField, "onnx", "convert"),
        (LicenceStatedAtField, "", "one line of text"),
        (CodeLicenceField, "", "one line of text"),
        (CodeLicenceField, "a\nb", "one line of text"),
        (ExporterField, "a/export.py", "a file such as `export.py`"),
        (ExporterField, "2.py", "a file such as `export.py`"),
        (ExporterField, "export.pyc", "a file such as `export.py`"),
        (ExportedFromField, "//3rdparty/models:w", "weights"),
    ],
)
def test_a_value_is_refused_in_one_line_that_says_why(
    field: type[Field], value: Any, reason: str
) -> None:
    with pytest.raises(InvalidFieldException) as error:
        field(value, ADDRESS)
    said = str(error.value)
    assert reason in said
    assert "3rdparty/models:w" in said
    assert field.alias in said
    assert len(said.splitlines()) == 1


def test_what_is_required_is_what_makes_weights_usable_by_others() -> None:
    required = {field.alias for field in ModelWeights.core_fields if field.required}
    assert required == {"source", "licence", "licence_stated_at", "origin"}


@pytest.mark.parametrize("alias", ["source", "licence", "licence_stated_at", "origin"])
def test_weights_whose_origin_nobody_knows_are_refused(alias: str) -> None:
    fields = {
        "source": "https://example.org/w.pth",
        "licence": "MIT",
        "licence_stated_at": "https://example.org/LICENSE",
        "origin": "these tests",
    }
    assert ModelWeights(fields, ADDRESS).address == ADDRESS
    del fields[alias]
    with pytest.raises(InvalidTargetException, match=f"'{alias}' field .* must be defined"):
        ModelWeights(fields, ADDRESS)
