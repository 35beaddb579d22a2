"""The fields of a function, which of them a variant may set, and their values as plain data."""

from __future__ import annotations

import dataclasses
from typing import Any

from pants.engine.target import Field, Target

from modelyard_pants.function import identity, model, resources, serving
from modelyard_pants.function.base_image import BaseImageField

FUNCTION_FIELDS: tuple[type[Field], ...] = (
    *identity.FIELDS,
    *serving.FIELDS,
    *resources.FIELDS,
    *model.FIELDS,
    BaseImageField,
)

# Fields of the model itself, the same for all variants.
_THE_SAME_FOR_ALL_VARIANTS = (
    identity.FunctionTypeField,
    identity.FrameworkField,
    identity.LicenceField,
    identity.OriginField,
    model.LabelsField,
    model.HeadField,
    model.HeadOptionsField,
    model.AnnotationsField,
)

VARIANT_FIELDS = tuple(
    field for field in FUNCTION_FIELDS if field not in _THE_SAME_FOR_ALL_VARIANTS
)


def values_for(struct: type[Any], target: Target) -> dict[str, Any]:
    """Return the values of the fields for which `struct`, a dataclass, has an attribute.

    Fields and attributes are matched by name.
    """
    attributes = {attribute.name for attribute in dataclasses.fields(struct)}
    return {
        field.alias: target[field].value for field in FUNCTION_FIELDS if field.alias in attributes
    }
