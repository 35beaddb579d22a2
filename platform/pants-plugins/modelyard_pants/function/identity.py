"""A function's name, type, implementation and origin."""

from __future__ import annotations

import re
from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import AsyncFieldMixin, Field, StringField
from pants.util.strutil import help_text

from modelyard_contract.frameworks import FRAMEWORKS
from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_contract.names import (
    LONGEST_NAME,
    FunctionNameError,
    check_function_name,
    function_name,
)
from modelyard_contract.nuclio import PREFIX
from modelyard_pants.common.errors import InvalidModelFunction

# Stands for a licence that may not be assumed.
NOT_STATED = "not stated"
_FILE = re.compile(r"(\w[\w-]*/)*\w+\.py(:[^\W\d]\w*)?")


class FunctionNameField(StringField):
    alias = "function_name"
    help = help_text(
        f"""
        The function's id in Nuclio and in CVAT's API: lowercase letters, digits and `-`, at most
        {LONGEST_NAME} characters, or {LONGEST_NAME - len(PREFIX)} on Kubernetes, where Nuclio
        prefixes it with `{PREFIX}`. Defaults to the target's name with `_` written as `-`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address)
        if value is None:
            value = function_name(address.target_name)
        try:
            check_function_name(value)
        except FunctionNameError as error:
            raise InvalidModelFunction(address, cls.alias, value, str(error)) from None
        return value


def one_line(alias: str, value: Optional[str], address: Address) -> str:
    """Return the value if it is one line of text; raise `InvalidModelFunction` otherwise."""
    if value is None or not value.strip() or not value.isprintable():
        raise InvalidModelFunction(address, alias, value, "one line of text is needed")
    return value


class RequiredTextField(StringField):
    required = True

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        return one_line(cls.alias, super().compute_value(raw_value, address), address)


class DisplayNameField(RequiredTextField):
    alias = "display_name"
    help = "The name people see in CVAT's model list."


class DescriptionField(RequiredTextField):
    alias = "description"
    help = help_text(
        """
        What the model does, in a sentence. If one is missing, CVAT fails to list any model.
        """
    )


class FunctionTypeField(StringField):
    alias = "type"
    required = True
    valid_choices = FUNCTION_TYPES
    help = help_text(
        """
        What CVAT uses the function for. A classifier is a `detector` whose shapes are tags.
        """
    )


class FrameworkField(StringField):
    alias = "framework"
    required = True
    valid_choices = tuple(FRAMEWORKS)
    help = help_text(
        """
        The library that runs the model. With the variant it selects the resolve, see
        `[modelyard].resolves`.
        """
    )


class HandlerField(StringField, AsyncFieldMixin):
    alias = "handler"
    default = "handler.py"
    help = help_text(
        """
        The file with the model's class, relative to the BUILD file, such as `handler.py`, or
        `handler.py:MyDetector` if the file defines several. A variant may set its own, which is
        looked up in that variant's resolve: a variant without torch must not import torch.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str:
        value = super().compute_value(raw_value, address) or cls.default
        if not _FILE.fullmatch(value):
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


class LicenceField(RequiredTextField):
    alias = "licence"
    help = help_text(
        f"""
        Licence of the weights as their author states it, as an SPDX identifier if there is one;
        several are joined by ` AND `. The licence of the author's code counts only if the author
        says so, or if the weights are among the code. Otherwise `{NOT_STATED}`.
        """
    )


class OriginField(RequiredTextField):
    alias = "origin"
    help = "Where the model comes from: its authors, paper or repository."


FIELDS: tuple[type[Field], ...] = (
    FunctionNameField,
    DisplayNameField,
    DescriptionField,
    FunctionTypeField,
    FrameworkField,
    HandlerField,
    LicenceField,
    OriginField,
)
