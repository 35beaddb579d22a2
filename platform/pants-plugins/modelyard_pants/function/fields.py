"""The fields of `model_function`, and which of them a variant may set."""

from __future__ import annotations

from modelyard_pants.function.base_image import BaseImageField
from modelyard_pants.function.identity import (
    DescriptionField,
    DisplayNameField,
    FrameworkField,
    FunctionNameField,
    FunctionTypeField,
    HandlerField,
    LicenceField,
    OriginField,
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

FUNCTION_FIELDS = (
    FunctionNameField,
    DisplayNameField,
    DescriptionField,
    FunctionTypeField,
    FrameworkField,
    HandlerField,
    HeadField,
    HeadOptionsField,
    LabelsField,
    PortField,
    WorkersField,
    EventTimeoutField,
    AvailabilityTimeoutField,
    IdleTimeoutField,
    MaxBodyField,
    EnvField,
    MemoryField,
    CpusField,
    GpusField,
    GpuMemoryField,
    AnnotationsField,
    LicenceField,
    OriginField,
    ParamsField,
    BaseImageField,
)

# What a variant may say differently. The type, labels and licence are the model's own.
VARIANT_FIELDS = (
    FunctionNameField,
    DisplayNameField,
    DescriptionField,
    HandlerField,
    PortField,
    WorkersField,
    EventTimeoutField,
    AvailabilityTimeoutField,
    IdleTimeoutField,
    MaxBodyField,
    EnvField,
    MemoryField,
    CpusField,
    GpusField,
    GpuMemoryField,
    ParamsField,
    BaseImageField,
)
