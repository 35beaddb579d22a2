"""The fields an author writes on `model_function`, each validated when its BUILD file is parsed.

Every error names the target, the field, the value and what is accepted, in one line: in CVAT one
bad function takes the whole model list down, so nothing wrong may get as far as a deployment.
"""

from modelyard_pants.fields.errors import InvalidModelFunction
from modelyard_pants.fields.identity import (
    NOT_STATED,
    CodeLicenceField,
    DescriptionField,
    DisplayNameField,
    FrameworkField,
    FunctionNameField,
    FunctionTypeField,
    HandlerField,
    LicenceField,
    LicenceStatedAtField,
    OriginField,
)
from modelyard_pants.fields.image import BaseImageField
from modelyard_pants.fields.model import (
    AnnotationsField,
    HeadField,
    HeadOptionsField,
    LabelsField,
    ParamsField,
    WeightsField,
)
from modelyard_pants.fields.resources import (
    CpusField,
    EnvField,
    GpuMemoryField,
    GpusField,
    MemoryField,
)
from modelyard_pants.fields.serving import (
    AvailabilityTimeoutField,
    EventTimeoutField,
    IdleTimeoutField,
    MaxBodyField,
    PortField,
    WorkersField,
)
from modelyard_pants.fields.variants import (
    ARTIFACTS,
    FUNCTION_FIELDS,
    VARIANT_FIELDS,
    ClassicField,
    VariantDependenciesField,
    VariantField,
    VariantResolveField,
    VariantsField,
)

__all__ = [
    "ARTIFACTS",
    "FUNCTION_FIELDS",
    "NOT_STATED",
    "VARIANT_FIELDS",
    "AnnotationsField",
    "AvailabilityTimeoutField",
    "BaseImageField",
    "ClassicField",
    "CodeLicenceField",
    "CpusField",
    "DescriptionField",
    "DisplayNameField",
    "EnvField",
    "EventTimeoutField",
    "FrameworkField",
    "FunctionNameField",
    "FunctionTypeField",
    "GpuMemoryField",
    "GpusField",
    "HandlerField",
    "HeadField",
    "HeadOptionsField",
    "IdleTimeoutField",
    "InvalidModelFunction",
    "LabelsField",
    "LicenceField",
    "LicenceStatedAtField",
    "MaxBodyField",
    "MemoryField",
    "OriginField",
    "ParamsField",
    "PortField",
    "VariantDependenciesField",
    "VariantField",
    "VariantResolveField",
    "VariantsField",
    "WeightsField",
    "WorkersField",
]
