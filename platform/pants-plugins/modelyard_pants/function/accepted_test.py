"""What each field accepts, up to its limits, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import Field
from pants.util.frozendict import FrozenDict

from modelyard_pants.function.base_image import BaseImageField
from modelyard_pants.function.identity import (
    DescriptionField,
    DisplayNameField,
    FrameworkField,
    FunctionNameField,
    FunctionTypeField,
    HandlerField,
    LicenceField,
)
from modelyard_pants.function.model import (
    AnnotationsField,
    HeadField,
    HeadOptionsField,
    LabelsField,
    ParamsField,
)
from modelyard_pants.function.resources import (
    CpusField,
    EnvField,
    GpuMemoryField,
    GpusField,
    MemoryField,
)
from modelyard_pants.function.serving import (
    AvailabilityTimeoutField,
    EventTimeoutField,
    IdleTimeoutField,
    MaxBodyField,
    PortField,
    WorkersField,
)
from modelyard_pants.function.variants import VariantsField

ADDRESS = Address("functions/openvino/f")
PIN = "docker://registry.example.org:5000/team/python@sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        # A DNS label, RFC 1123: 63 letters, digits and inner dashes; it may begin with a digit.
        (FunctionNameField, "a"),
        (FunctionNameField, "7"),
        (FunctionNameField, "a--b"),
        (FunctionNameField, "a" * 63),
        (DisplayNameField, "YOLO v8 (GPU), 2²"),
        (DisplayNameField, "猫を探す"),
        (DescriptionField, 'It\'s <fast> & "good": 100 %'),
        (LicenceField, "Apache-2.0 AND CC-BY-SA-3.0"),
        (LicenceField, "not stated"),
        # CVAT's kinds, contracts/cvat.md section 1.
        *((FunctionTypeField, kind) for kind in ("detector", "interactor", "reid", "tracker")),
        *((FrameworkField, framework) for framework in ("openvino", "pytorch")),
        (HandlerField, "net.py"),
        (HandlerField, "net.py:MyDetector"),
        (HandlerField, "author/net_2.py:_Net"),
        (BaseImageField, PIN),
        (BaseImageField, "oci-archive:/path/to/base.tar"),
        (BaseImageField, "oci:/path/to/layout:tag"),
        (BaseImageField, "docker-archive:base.tar"),
        # The engine of this machine has images without a digest of a registry.
        (BaseImageField, "docker-daemon:mine:1.0"),
        # Lower ports need privileges, 65535 is the last; Linux gives out 32768 on, with a warning.
        (PortField, 1024),
        (PortField, 32768),
        (PortField, 65535),
        # 8082 is the port of health checks inside containers only.
        (PortField, 8082),
        (WorkersField, 1),
        (WorkersField, 64),
        # 4 MiB, Nuclio's own default, and 1 GiB, the limit of its wrapper's unpacker.
        (MaxBodyField, 4 * 1024**2),
        (MaxBodyField, 1024**3),
        (GpusField, 0),
        (GpusField, 8),
        # Kubernetes' quantities: binary and decimal units, fractions.
        *((MemoryField, text) for text in ("512Mi", "2Gi", "0.5Gi", "500M", "1G", "1Ti")),
        (GpuMemoryField, "4Gi"),
        # From a tenth of a core on.
        *((CpusField, text) for text in ("100m", "0.1", "500m", "1.5", "2", "512", "512000m")),
    ],
)
def test_a_value_is_taken_as_it_is(field: type[Field], value: Any) -> None:
    assert field(value, ADDRESS).value == value


@pytest.mark.parametrize(
    ("field", "value", "seconds"),
    [
        # Nuclio looks once a second; a day is the most.
        (EventTimeoutField, 1, 1.0),
        (EventTimeoutField, 1.5, 1.5),
        (EventTimeoutField, 86400, 86400.0),
        # 0 is "not at all", contracts/nuclio.md 1.2, and "never".
        (AvailabilityTimeoutField, 0, 0.0),
        (AvailabilityTimeoutField, 0.25, 0.25),
        (IdleTimeoutField, 0, 0.0),
        (IdleTimeoutField, 86400, 86400.0),
    ],
)
def test_seconds_are_numbers_with_a_fraction(
    field: type[Field], value: float, seconds: float
) -> None:
    found = field(value, ADDRESS).value
    assert (found, type(found)) == (seconds, float)


@pytest.mark.parametrize(
    ("text", "size"),
    [("4Gi", 4 * 1024**3), ("0.5Gi", 512 * 1024**2), ("2G", 2_000_000_000), (None, None)],
)
def test_memory_of_a_gpu_is_told_in_bytes(text: str | None, size: int | None) -> None:
    assert GpuMemoryField(text, ADDRESS).bytes == size


@pytest.mark.parametrize(
    ("value", "file", "class_name"),
    [
        (None, "handler.py", ""),
        ("net.py", "net.py", ""),
        ("author/net.py:Net", "author/net.py", "Net"),
    ],
)
def test_a_handler_is_a_file_and_perhaps_a_class(
    value: str | None, file: str, class_name: str
) -> None:
    handler = HandlerField(value, ADDRESS)
    assert (handler.file, handler.class_name) == (file, class_name)


@pytest.mark.parametrize(
    ("target", "name"), [("coco_ssd", "coco-ssd"), ("Coco_SSD", "coco-ssd"), ("a__b", "a--b")]
)
def test_a_name_follows_from_that_of_the_target(target: str, name: str) -> None:
    assert FunctionNameField(None, Address("f", target_name=target)).value == name


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"A": ""},
        {"_a1": "x y", "B": '$HOME `id` "quoted" #1 \\'},
        {"CUDA_VISIBLE_DEVICES": "0,1"},
        {"LANG": "de_DE.UTF-8", "GREETING": "grüß 猫"},
        # docs/targets.md: of the runtime's own only these three.
        {
            "MODELYARD_IMAGE_CACHE": "64",
            "MODELYARD_MAX_PIXELS": "250000000",
            "MODELYARD_THREADS": "2",
        },
        # Names that only begin like those that are reserved.
        {"PATHS": "/x", "PYTHONPATHS": "/x", "NUCLIO": "x"},
    ],
)
def test_variables_of_any_other_name_are_the_authors(env: dict[str, str]) -> None:
    assert EnvField(env, ADDRESS).value == FrozenDict(env)


@pytest.mark.parametrize(
    "annotations",
    [
        # contracts/cvat.md section 1, of an interactor: clicks before the first call, -1 for none.
        {"min_pos_points": "0", "min_neg_points": "-1"},
        {"min_pos_points": "4", "min_neg_points": "0", "startswith_box": "true"},
        {"startswith_box_optional": "true", "version": "10"},
        {"help_message": "Click “here”, then <there>", "animated_gif": "https://example.org/a.gif"},
        # Of a tracker.
        {"supported_shape_types": "rectangle"},
        {"supported_shape_types": ("rectangle,polygon,polyline,points,ellipse,mask,skeleton")},
    ],
)
def test_annotations_are_what_cvat_reads(annotations: dict[str, str]) -> None:
    assert AnnotationsField(annotations, ADDRESS).value == FrozenDict(annotations)


@pytest.mark.parametrize(
    ("value", "inline", "label_set"),
    [
        ("//lib/labels:coco", [], "//lib/labels:coco"),
        ([], [], None),
        (["猫"], [{"name": "猫", "type": "any", "attributes": []}], None),
        (
            [{"name": "a b", "type": "mask", "id": 0}],
            [{"id": 0, "name": "a b", "type": "mask", "attributes": []}],
            None,
        ),
        # What `parametrize` and generators give: tuples.
        (("a",), [{"name": "a", "type": "any", "attributes": []}], None),
    ],
)
def test_labels_are_an_address_or_themselves(
    value: Any, inline: list[Any], label_set: str | None
) -> None:
    labels = LabelsField(value, ADDRESS)
    assert labels.inline == tuple(FrozenDict.deep_freeze(label) for label in inline)
    assert labels.label_set == label_set


# docs/bring-your-own.md lists the heads and the options.
@pytest.mark.parametrize(
    "head",
    [
        "yolov8",
        "yolov5",
        "yolox",
        "ssd",
        "detr",
        "retinanet",
        "segmentation",
        "classification",
        "model_api",
    ],
)
def test_every_documented_head_is_there(head: str) -> None:
    assert HeadField(head, ADDRESS).value == head


@pytest.mark.parametrize(
    "options",
    [
        {"input_size": [640, 480]},
        {"mean": [0, 0, 0], "scale": [255, 255, 255]},
        {"resize": "letterbox_top_left", "padding": 114, "channels": "bgr"},
        {"padding": 0, "nms_threshold": 0, "limit": 1, "first_id": 1},
        {"nms_threshold": 1},
    ],
)
def test_options_of_a_head_are_kept(options: dict[str, Any]) -> None:
    assert HeadOptionsField(options, ADDRESS).value == FrozenDict.deep_freeze(options)


@pytest.mark.parametrize(
    "params",
    [
        {"precision": "bfloat16"},
        {"size": 64, "scale": 0.5, "fast": False},
        {"sizes": [1, 2], "nested": {"deep": [{"deeper": "x"}]}},
        {"größe": "ß"},
        {"": "x"},
    ],
)
def test_params_are_what_json_can_hold(params: dict[str, Any]) -> None:
    assert ParamsField(params, ADDRESS).value == FrozenDict.deep_freeze(params)


@pytest.mark.parametrize(
    "variants",
    [
        {"cpu": {}},
        {"cpu": {}, "gpu": {"gpus": 1, "gpu_memory": "4Gi", "weights": ["//:w"], "classic": True}},
        {"int8": {"resolve": "openvino"}, "int8-small": {"params": {"size": 64}}},
        # Only the last word may not be that of an artifact.
        {"spec-1": {}, "images": {}},
    ],
)
def test_variants_are_kept_in_the_order_they_are_written(variants: dict[str, Any]) -> None:
    found = VariantsField(variants, ADDRESS).value
    assert found == FrozenDict.deep_freeze(variants)
    assert list(found) == list(variants)
