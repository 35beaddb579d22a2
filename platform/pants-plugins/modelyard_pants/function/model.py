"""The model's labels and annotations for CVAT, and the data it loads."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Mapping, Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    DictStringToStringField,
    Field,
    InvalidFieldException,
    StringField,
    StringSequenceField,
)
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from modelyard_contract.annotations import AnnotationError, check_values
from modelyard_contract.heads import HEADS, HeadOptionError, check_options
from modelyard_contract.labels import LabelError, normalise_labels
from modelyard_pants.common.errors import InvalidModelFunction


class LabelsField(Field):
    alias = "labels"
    default: ClassVar[tuple] = ()
    help = help_text(
        """
        The labels a detector can return: the address of a `label_set`, or a list of names or of
        mappings with `name`, `type`, `id`, `attributes`, `sublabels` and `svg`. Only for detectors.
        """
    )
    value: str | tuple[FrozenDict[str, Any], ...]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> str | tuple:
        value = super().compute_value(raw_value, address)
        if isinstance(value, str) and value:
            return value
        if not isinstance(value, (list, tuple)):
            raise InvalidModelFunction(
                address, cls.alias, value, "the address of a label_set or a list is accepted"
            )
        try:
            return _frozen_labels(value)
        except LabelError as error:
            raise InvalidFieldException(f"{address}: the field {error}") from None

    @property
    def label_set(self) -> str | None:
        return self.value if isinstance(self.value, str) else None

    @property
    def inline(self) -> tuple[FrozenDict[str, Any], ...]:
        return () if isinstance(self.value, str) else self.value


def _frozen_labels(value: Any) -> tuple[FrozenDict[str, Any], ...]:
    return tuple(FrozenDict.deep_freeze(label) for label in normalise_labels(value))


class WeightsField(StringSequenceField):
    alias = "weights"
    help = help_text(
        """
        Addresses of the files the model loads: `model_weights`, or `file`, `files`, `resource` and
        `resources` for files in the repository. All are placed in one folder.
        """
    )


class HeadField(StringField):
    alias = "head"
    valid_choices = tuple(HEADS)
    help = help_text(
        """
        For a model without a handler: the decoder for the outputs of the only network in `weights`,
        an ONNX, OpenVINO or TensorFlow Lite file. See docs/bring-your-own.md.
        """
    )


class HeadOptionsField(Field):
    alias = "head_options"
    default: ClassVar[FrozenDict] = FrozenDict()
    help = help_text(
        """
        How the inputs and outputs of the network differ from what `head` expects, such as
        `{"input_size": [640, 640], "nms_threshold": 0.5}`. See docs/bring-your-own.md.
        """
    )
    value: FrozenDict[str, Any]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict[str, Any]:
        value = super().compute_value(raw_value, address)
        if not isinstance(value, Mapping):
            raise InvalidModelFunction(address, cls.alias, value, "a mapping is accepted")
        try:
            check_options(value)
        except HeadOptionError as error:
            alias = f"{cls.alias}[{error.key}]" if error.key else cls.alias
            raise InvalidModelFunction(address, alias, error.value, error.accepted) from None
        return FrozenDict.deep_freeze(dict(value))


class AnnotationsField(DictStringToStringField):
    alias = "annotations"
    help = help_text(
        """
        Further annotations for CVAT, as strings. For an interactor: `min_pos_points` and
        `min_neg_points` (clicks before it is called), `startswith_box` or `startswith_box_optional`
        ("true", or left out), `help_message`, `animated_gif`, `version` ("2" by default). For a
        tracker: `supported_shape_types`, such as "rectangle,polygon".
        """
    )

    @classmethod
    def compute_value(
        cls, raw_value: Optional[Mapping[str, str]], address: Address
    ) -> FrozenDict[str, str]:
        given = dict(raw_value) if isinstance(raw_value, Mapping) else raw_value
        value = super().compute_value(given, address)
        try:
            check_values(value or {})
        except AnnotationError as error:
            alias = f"{cls.alias}[{error.key}]" if error.key else cls.alias
            raise InvalidModelFunction(address, alias, error.value, error.accepted) from None
        return value or FrozenDict()


class ParamsField(Field):
    alias = "params"
    default: ClassVar[FrozenDict] = FrozenDict()
    help = help_text(
        """
        Settings of the model, such as `{"precision": "bfloat16"}`: strings, numbers, booleans,
        lists and mappings of these. The model's class reads them with `assets.params.read` into a
        struct; settings that the struct lacks are refused when the function starts.
        """
    )
    value: FrozenDict[str, Any]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict[str, Any]:
        value = super().compute_value(raw_value, address)
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise InvalidModelFunction(
                address, cls.alias, value, "a mapping with string keys is accepted"
            )
        for key, item in value.items():
            if not _is_json(item):
                raise InvalidModelFunction(
                    address,
                    f"{cls.alias}[{key}]",
                    item,
                    "strings, finite numbers, booleans, lists and mappings of these are accepted",
                )
        return FrozenDict.deep_freeze(dict(value))


def _is_json(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))


# Without `WeightsField`: generated targets depend on weights and do not have that field.
FIELDS: tuple[type[Field], ...] = (
    LabelsField,
    HeadField,
    HeadOptionsField,
    AnnotationsField,
    ParamsField,
)
