"""The fields an author writes on `model_function`, each validated when its BUILD file is parsed.

Every error names the target, the field, the value and what is accepted, in one line: in CVAT one
bad function takes the whole model list down, so nothing wrong may get as far as a deployment.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Mapping, Optional

from pants.engine.addresses import Address
from pants.engine.target import (
    AsyncFieldMixin,
    Dependencies,
    DictStringToStringField,
    Field,
    IntField,
    InvalidFieldException,
    StringField,
    StringSequenceField,
    ValidNumbers,
)
from pants.util.frozendict import FrozenDict
from pants.util.strutil import help_text

from modelyard.labels import LabelError, normalise_labels

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
# Nuclio prefixes resources and containers with `nuclio-<namespace>-`; Kubernetes stops at 63.
_MAX_NAME = 56
_RESERVED_NAMES = ("dashboard", "controller", "dlx", "scaler")
_MODULE_OR_FILE = re.compile(r"[\w./]+\.py(:\w+)?")
_QUANTITY = re.compile(r"[1-9][0-9]*(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")


class InvalidModelFunction(InvalidFieldException):
    """A field of a `model_function` breaks CVAT's or Nuclio's rules."""

    def __init__(self, address: Address, alias: str, value: Any, accepted: str) -> None:
        super().__init__(f"{address}: the field `{alias}` is {value!r}; {accepted}")


class FunctionNameField(StringField):
    alias = "function_name"
    help = help_text(
        """
        The function's id in Nuclio and in CVAT's API: lowercase letters, digits and `-`, at most
        56 characters. Defaults to the target's name with `_` written as `-`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address)
        if value is None:
            value = address.target_name.replace("_", "-").lower()
        if len(value) > _MAX_NAME or not _DNS_LABEL.fullmatch(value):
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                f"lowercase letters, digits and inner dashes are accepted, {_MAX_NAME} at most",
            )
        if value in _RESERVED_NAMES:
            raise InvalidModelFunction(
                address, cls.alias, value, f"Nuclio reserves {', '.join(_RESERVED_NAMES)}"
            )
        return value


class _RequiredText(StringField):
    required = True

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address)
        if value is None or not value.strip() or "\n" in value:
            raise InvalidModelFunction(address, cls.alias, value, "one line of text is needed")
        return value


class DisplayNameField(_RequiredText):
    alias = "display_name"
    help = "The name people see in CVAT's model list."


class DescriptionField(_RequiredText):
    alias = "description"
    help = help_text(
        """
        What the model does, in a sentence. CVAT fails to list any model when one has none.
        """
    )


class FunctionTypeField(StringField):
    alias = "type"
    required = True
    valid_choices = ("detector", "interactor", "tracker", "reid")
    help = help_text(
        """
        What CVAT uses the function for. A classifier is a `detector` whose shapes are tags.
        """
    )


class FrameworkField(StringField):
    alias = "framework"
    required = True
    valid_choices = ("openvino", "onnx", "pytorch", "tensorflow")
    help = help_text(
        """
        What runs the model. With the variant it picks the resolve, see `[modelyard].resolves`.
        """
    )


class HandlerField(StringField, AsyncFieldMixin):
    alias = "handler"
    default = "handler.py"
    help = help_text(
        """
        The file with the model's class, relative to the BUILD file, such as `handler.py`, or
        `handler.py:MyDetector` where the file defines several.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address) or cls.default
        if not _MODULE_OR_FILE.fullmatch(value):
            raise InvalidModelFunction(
                address, cls.alias, value, "a file such as `handler.py` or `handler.py:Class`"
            )
        return value

    @property
    def file(self) -> str:
        return str(self.value).partition(":")[0]

    @property
    def class_name(self) -> str:
        return str(self.value).partition(":")[2]


class LabelsField(Field):
    alias = "labels"
    default: ClassVar[tuple] = ()
    help = help_text(
        """
        The labels the function can return: the address of a `label_set`, or a list of names or of
        mappings with `name`, `type`, `id`, `attributes`, `sublabels` and `svg`.
        """
    )
    value: str | tuple[FrozenDict[str, Any], ...]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> str | tuple:
        value = super().compute_value(raw_value, address)
        if isinstance(value, str):
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
    help = "Addresses of the `model_weights` that the model loads."


class PortField(IntField):
    alias = "port"
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        The function's fixed port on the host. Defaults to one between 20000 and 29999 derived from
        the function's name; it must be unique in the repository.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> int | None:
        value = super().compute_value(raw_value, address)
        if value is not None and not 1024 <= value <= 65535:
            raise InvalidModelFunction(
                address, cls.alias, value, "a port from 1024 to 65535 is accepted"
            )
        return value


class WorkersField(IntField):
    value: int
    alias = "workers"
    default = 1
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        Processes that serve requests, one each at a time. Each holds its own copy of the model.
        """
    )


class _SecondsField(Field):
    value: float | None
    allow_zero: ClassVar[bool] = False

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> float | None:
        value = super().compute_value(raw_value, address)
        if value is None:
            return None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or value < 0 or (value == 0 and not cls.allow_zero) or value > 86400:
            raise InvalidModelFunction(
                address, cls.alias, value, "a number of seconds up to 86400 is accepted"
            )
        return float(value)


class EventTimeoutField(_SecondsField):
    alias = "event_timeout"
    default = 60.0
    help = help_text(
        """
        Seconds after which a request is given up and its worker restarted. CVAT itself waits 120.
        """
    )


class AvailabilityTimeoutField(_SecondsField):
    value: float
    alias = "availability_timeout"
    default = 10.0
    allow_zero = True
    help = "Seconds a request waits for a free worker before it is answered 503."


class MaxBodyField(IntField):
    value: int
    alias = "max_body"
    default = 32 * 1024 * 1024
    valid_numbers = ValidNumbers.positive_only
    help = help_text(
        """
        The largest request body in bytes. Base64 makes an image a third larger. Nuclio's own
        default of 4 MiB is too small for photographs.
        """
    )


class EnvField(DictStringToStringField):
    alias = "env"
    help = "Environment variables of the function."

    @classmethod
    def compute_value(
        cls, raw_value: Optional[Mapping[str, str]], address: Address
    ) -> FrozenDict[str, str]:
        value = super().compute_value(dict(raw_value) if raw_value else None, address)
        for key, text in (value or {}).items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
                raise InvalidModelFunction(
                    address, cls.alias, key, "names of letters, digits and `_` are accepted"
                )
            # Nuclio's docker platform writes env into a shell line in single quotes.
            if "'" in text or "\n" in text:
                raise InvalidModelFunction(
                    address, cls.alias, text, "values without single quotes and line breaks"
                )
        return value or FrozenDict()


class _QuantityField(StringField):
    example: ClassVar[str]

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        if value is not None and not _QUANTITY.fullmatch(value):
            raise InvalidModelFunction(
                address, cls.alias, value, f"a Kubernetes quantity such as {cls.example}"
            )
        return value


class MemoryField(_QuantityField):
    alias = "memory"
    example = "`2Gi` or `512Mi`"
    help = "Memory limit of the function as a Kubernetes quantity, such as `2Gi`."


class CpusField(_QuantityField):
    alias = "cpus"
    example = "`2` or `500m`"
    help = "CPU limit of the function as a Kubernetes quantity, such as `2` or `500m`."


class GpusField(IntField):
    value: int
    alias = "gpus"
    default = 0
    valid_numbers = ValidNumbers.positive_and_zero
    help = "GPUs the function needs."


class AnnotationsField(DictStringToStringField):
    alias = "annotations"
    help = help_text(
        """
        CVAT's further annotations as strings: `help_message`, `animated_gif`, `version`,
        `min_pos_points`, `min_neg_points`, `startswith_box`, `startswith_box_optional`,
        `supported_shape_types`.
        """
    )

    _known: ClassVar[Mapping[str, str]] = {
        "help_message": r".+",
        "animated_gif": r"https?://\S+",
        "version": r"[1-9]\d*",
        "min_pos_points": r"\d+",
        "min_neg_points": r"-1|\d+",
        # CVAT takes any non-empty string for true, "false" included.
        "startswith_box": r"true",
        "startswith_box_optional": r"true",
        "supported_shape_types": r"(rectangle|polygon|polyline|points|ellipse|mask|skeleton)"
        r"(,(rectangle|polygon|polyline|points|ellipse|mask|skeleton))*",
    }

    @classmethod
    def compute_value(
        cls, raw_value: Optional[Mapping[str, str]], address: Address
    ) -> FrozenDict[str, str]:
        value = super().compute_value(dict(raw_value) if raw_value else None, address)
        for key, text in (value or {}).items():
            if key not in cls._known:
                raise InvalidModelFunction(
                    address, cls.alias, key, f"accepted: {', '.join(cls._known)}"
                )
            if not re.fullmatch(cls._known[key], text):
                raise InvalidModelFunction(
                    address, f"{cls.alias}[{key}]", text, f"accepted: {cls._known[key]}"
                )
        return value or FrozenDict()


class LicenceField(_RequiredText):
    alias = "licence"
    help = "Licence of the weights, as an SPDX identifier where there is one."


class OriginField(_RequiredText):
    alias = "origin"
    help = "Where the model comes from: its authors, paper or repository."


class ParamsField(Field):
    alias = "params"
    default: ClassVar[FrozenDict] = FrozenDict()
    help = help_text(
        """
        Settings the model's class reads from `assets.params`: strings, numbers, booleans, lists
        and mappings of these.
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
        return FrozenDict.deep_freeze(dict(value))


class VariantField(StringField):
    alias = "variant"
    required = True
    help = "The variant of the function this target belongs to."


class VariantResolveField(StringField):
    alias = "resolve"
    required = True
    help = "The Python resolve the variant's third-party dependencies come from."


class VariantDependenciesField(Dependencies):
    help = "What this artifact of a function is made of. Set by `model_function`."


FUNCTION_FIELDS = (
    FunctionNameField,
    DisplayNameField,
    DescriptionField,
    FunctionTypeField,
    FrameworkField,
    HandlerField,
    LabelsField,
    PortField,
    WorkersField,
    EventTimeoutField,
    AvailabilityTimeoutField,
    MaxBodyField,
    EnvField,
    MemoryField,
    CpusField,
    GpusField,
    AnnotationsField,
    LicenceField,
    OriginField,
    ParamsField,
)

# What a variant may say differently. The type, handler, labels and licence are the model's own.
VARIANT_FIELDS = (
    FunctionNameField,
    DisplayNameField,
    DescriptionField,
    PortField,
    WorkersField,
    EventTimeoutField,
    AvailabilityTimeoutField,
    MaxBodyField,
    EnvField,
    MemoryField,
    CpusField,
    GpusField,
    ParamsField,
)
_VARIANT_KEYS = ("resolve", "weights", *(field.alias for field in VARIANT_FIELDS))


class VariantsField(Field):
    alias = "variants"
    default: ClassVar[FrozenDict] = FrozenDict({"cpu": FrozenDict()})
    help = help_text(
        """
        The builds of the function, by name, each with what it says differently. The first carries
        the function's name; a further one, such as `gpu`, is deployed as `<name>-<variant>` unless
        it sets `function_name`.
        """
    )
    value: FrozenDict[str, FrozenDict[str, Any]]

    @classmethod
    def compute_value(cls, raw_value: Any, address: Address) -> FrozenDict:
        value = super().compute_value(raw_value, address)
        if not isinstance(value, Mapping) or not value:
            raise InvalidModelFunction(
                address, cls.alias, value, 'a mapping such as {"cpu": {}} is accepted'
            )
        for variant, settings in value.items():
            if not isinstance(variant, str) or not re.fullmatch(r"[a-z][a-z0-9-]*", variant):
                raise InvalidModelFunction(
                    address, cls.alias, variant, "a variant's name has lowercase letters and `-`"
                )
            if not isinstance(settings, Mapping):
                raise InvalidModelFunction(
                    address, f"{cls.alias}[{variant}]", settings, "a mapping is accepted"
                )
            for key in settings:
                if key not in _VARIANT_KEYS:
                    raise InvalidModelFunction(
                        address,
                        f"{cls.alias}[{variant}]",
                        key,
                        f"accepted: {', '.join(_VARIANT_KEYS)}",
                    )
        return FrozenDict.deep_freeze({k: dict(v) for k, v in value.items()})
