"""Values at the edge of what a field accepts, and such as authors write by mistake."""

from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import Field, InvalidFieldException

from modelyard_pants.function.base_image import BaseImageField
from modelyard_pants.function.identity import (
    DescriptionField,
    DisplayNameField,
    FunctionNameField,
    HandlerField,
)
from modelyard_pants.function.model import AnnotationsField, LabelsField, ParamsField
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
from modelyard_pants.function.targets import LabelSetSourceField
from modelyard_pants.function.variants import ClassicField, VariantsField

ADDRESS = Address("functions/openvino/f")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (FunctionNameField, "", "lowercase letters, digits and inner dashes"),
        (FunctionNameField, "a-", "inner dashes"),
        (FunctionNameField, "a.b", "inner dashes"),
        (FunctionNameField, "a\n", "inner dashes"),
        (FunctionNameField, "straße", "inner dashes"),
        # Nuclio's services, contracts/nuclio.md 1.1.
        *((FunctionNameField, name, "reserved") for name in ("controller", "dlx", "scaler")),
        (DisplayNameField, "a\tb", "one line of text"),
        (DisplayNameField, "a\rb", "one line of text"),
        # Nobody sees a zero-width space.
        (DisplayNameField, "a\u200bb", "one line of text"),
        (DisplayNameField, "\u3000", "one line of text"),
        # In CVAT a missing description breaks the whole list, contracts/cvat.md section 1.
        (DescriptionField, " \n ", "one line of text"),
        (DescriptionField, ["Finds", "cats"], "description"),
        (HandlerField, "handler", "a file such as"),
        (HandlerField, "handler.py:", "a file such as"),
        (HandlerField, "handler.py:A.B", "a file such as"),
        (HandlerField, "handler.py:2nd", "a file such as"),
        (HandlerField, "handler.py:A:B", "a file such as"),
        (HandlerField, "my-handler.py", "a file such as"),
        (HandlerField, "a/../handler.py", "a file such as"),
        (HandlerField, "handler.py\n", "a file such as"),
        (BaseImageField, "", "docker://"),
        (BaseImageField, "http://example.org/base.tar", "accepted: docker://"),
        (BaseImageField, "docker://python", "64 hexadecimal digits"),
        (BaseImageField, "docker://python@sha256:abc", "64 hexadecimal digits"),
        (BaseImageField, "docker://python@sha256:" + "0" * 65, "64 hexadecimal digits"),
        (BaseImageField, "docker://python@sha256:" + "A" * 64, "64 hexadecimal digits"),
        (BaseImageField, "oci-archive:", "and a reference"),
        (BaseImageField, "Docker://python@sha256:" + "0" * 64, "accepted: docker://"),
        (BaseImageField, "docker://python@sha512:" + "0" * 128, "64 hexadecimal digits"),
        (PortField, 0, "port"),
        (PortField, 1023, "from 1024 to 65535"),
        (PortField, 65536, "from 1024 to 65535"),
        (PortField, 20000.0, "port"),
        (WorkersField, "2", "workers"),
        (WorkersField, True, "`workers` is True; a whole number"),
        (WorkersField, 1.5, "workers"),
        (EventTimeoutField, float("nan"), "seconds from 1 to 86400"),
        (EventTimeoutField, float("inf"), "seconds from 1 to 86400"),
        (EventTimeoutField, 0.999, "seconds from 1 to 86400"),
        (EventTimeoutField, 86400.1, "seconds from 1 to 86400"),
        (AvailabilityTimeoutField, -0.1, "seconds from 0 to 86400"),
        (AvailabilityTimeoutField, False, "seconds from 0 to 86400"),
        (IdleTimeoutField, "never", "seconds from 0 to 86400"),
        # 4194304 is 4 MiB, 1073741824 is 1 GiB.
        (MaxBodyField, 4194303, "from 4194304"),
        (MaxBodyField, 1073741825, "to 1073741824"),
        (MaxBodyField, "32Mi", "max_body"),
        (MemoryField, "", "not an amount of memory"),
        (MemoryField, "2GiB", "not an amount of memory"),
        (MemoryField, "2gi", "not an amount of memory"),
        (MemoryField, "-2Gi", "not an amount of memory"),
        (MemoryField, "0Mi", "not an amount of memory"),
        (MemoryField, "1e3Mi", "not an amount of memory"),
        (MemoryField, "٢Gi", "not an amount of memory"),
        (MemoryField, " 2Gi", "not an amount of memory"),
        (MemoryField, 2048, "memory"),
        (GpuMemoryField, "0Gi", "not an amount of memory"),
        (GpuMemoryField, "4096", "unit is missing"),
        (CpusField, "99m", "from `100m`"),
        (CpusField, "512.1", "to `512`"),
        (CpusField, "512001m", "to `512`"),
        (CpusField, "-1", "not a number of cores"),
        (CpusField, "two", "not a number of cores"),
        (CpusField, 2, "cpus"),
        (GpusField, "1", "gpus"),
        # Kubernetes would be asked for `True` GPUs.
        (GpusField, True, "`gpus` is True; a whole number"),
        (GpusField, 0.5, "gpus"),
        # Docker's form, and a list that Python would take for pairs.
        (EnvField, ["A=b"], "a dictionary of string -> string"),
        (EnvField, ["AB"], "a dictionary of string -> string"),
        (EnvField, "A=b", "a dictionary of string -> string"),
        (EnvField, {"1A": "x"}, "names of letters, digits and `_`"),
        (EnvField, {"": "x"}, "names of letters, digits and `_`"),
        (EnvField, {"A=B": "x"}, "names of letters, digits and `_`"),
        (EnvField, {"Ä": "x"}, "names of letters, digits and `_`"),
        (EnvField, {"A": "\x00"}, "on one line"),
        # These four decide which interpreter runs, and what it imports.
        *(
            (EnvField, {name: "x"}, "the runtime sets it")
            for name in ("PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH")
        ),
        # Fields say these.
        *(
            (EnvField, {name: "x"}, "the runtime sets it")
            for name in ("MODELYARD_ASSETS", "MODELYARD_GPU_MEMORY", "NUCLIO_FUNCTION_NAME")
        ),
        (EnvField, {"A": None}, "env"),
        # CVAT reads "false" as true, contracts/cvat.md section 1.
        (AnnotationsField, ["xy"], "a dictionary of string -> string"),
        (AnnotationsField, {"startswith_box_optional": "false"}, 'only "true"'),
        (AnnotationsField, {"startswith_box": "True"}, 'only "true"'),
        (AnnotationsField, {"min_neg_points": "-2"}, '"-1" for none'),
        (AnnotationsField, {"min_pos_points": "-1"}, "a number of points"),
        (AnnotationsField, {"min_pos_points": "1000"}, "a number of points"),
        (AnnotationsField, {"help_message": " "}, "one line of text"),
        (AnnotationsField, {"help_message": "a\nb"}, "one line of text"),
        (AnnotationsField, {"animated_gif": "a.gif"}, "the URL of a picture"),
        (AnnotationsField, {"supported_shape_types": "mask,mask"}, "each shape once"),
        (AnnotationsField, {"supported_shape_types": "mask, points"}, "a list such as"),
        # The function's own fields say these.
        *(
            (AnnotationsField, {key: "x"}, "accepted: help_message")
            for key in ("name", "type", "spec", "framework")
        ),
        (LabelsField, {"cat": 1}, "the address of a label_set or a list"),
        (LabelsField, ["cat", ""], "labels[1].name is ''"),
        (LabelsField, ["cat "], "labels[0].name is 'cat '"),
        (LabelsField, [None], "labels[0] is None"),
        (ParamsField, "size=64", "a mapping with string keys"),
        (ParamsField, {1: "x"}, "a mapping with string keys"),
        (ParamsField, {"a": [1, {"b": float("nan")}]}, "`params[a]`"),
        (ParamsField, {"a": b"bytes"}, "`params[a]` is b'bytes'"),
        (ClassicField, "no", "classic"),
        (VariantsField, [], "a mapping such as"),
        (VariantsField, ["cpu", "gpu"], "a mapping such as"),
        (VariantsField, {"": {}}, "lowercase letters"),
        (VariantsField, {"1st": {}}, "lowercase letters"),
        (VariantsField, {"a--b": {}}, "inner dashes"),
        (VariantsField, {"a_b": {}}, "inner dashes"),
        (VariantsField, {1: {}}, "lowercase letters"),
        (VariantsField, {"cpu\n": {}}, "inner dashes"),
        # `#image` and `#my-nuclio` would be taken for what is generated.
        (VariantsField, {"image": {}}, "srcs, assets, spec"),
        (VariantsField, {"my-nuclio": {}}, "srcs, assets, spec"),
        (VariantsField, {"cpu": ["gpus"]}, "a mapping is accepted"),
        # Of all variants or of none.
        *(
            (VariantsField, {"cpu": {key: "x"}}, "accepted: resolve, weights")
            for key in ("type", "framework", "licence", "origin", "head", "annotations", "name")
        ),
        (VariantsField, {"cpu": {"weights": ["//:w", 1]}}, "a list of addresses"),
        (LabelSetSourceField, None, "source"),
    ],
)
def test_a_value_is_refused_in_one_line_that_says_why(
    field: type[Field], value: Any, reason: str
) -> None:
    with pytest.raises(InvalidFieldException) as error:
        field(value, ADDRESS)
    said = str(error.value)
    assert reason in said
    # Which target, and which of its fields.
    assert "functions/openvino/f:f" in said
    assert field.alias in said
    assert len(said.splitlines()) == 1
