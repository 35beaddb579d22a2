"""The labels that a function declares: the `spec` of its metadata."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import msgspec

from modelyard.annotation.errors import LabelError
from modelyard_contract import labels as rules

# CVAT converts between these, so it pairs labels of these types.
_INTERCHANGEABLE = {"mask", "polygon"}


class LabelAttribute(msgspec.Struct, frozen=True):
    """An attribute of a label's objects.

    Attributes:
        name: Unique within its label.
        input_type: CVAT's input control.
        values: The accepted values (select, radio); `min, max, step` (number).
    """

    name: str
    input_type: rules.AttributeType
    values: tuple[str, ...]

    def accepts(self, value: str) -> bool:
        """Return whether `value` is a declared choice, or in a format that CVAT reads.

        The range of a number is not checked: a model's estimate may exceed it.
        """
        match self.input_type:
            case "select" | "radio":
                return value in self.values
            case "checkbox":
                return value in ("true", "false")
            case "number":
                return value.isascii() and value.isdigit()
            case "text":
                return True


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """One label.

    Attributes:
        name: The exact name that the function reports.
        id: Class number in the model's data set; CVAT ignores it, models look it up.
        type: The kind of shape, or "any" for all but skeletons.
        attributes: The attributes of its objects.
        sublabels: The joints of a skeleton, which requires them; not for other types.
        svg: The drawing of a skeleton as CVAT's template, which it requires.
    """

    name: str
    id: int | None = None
    type: rules.LabelType = "any"
    attributes: tuple[LabelAttribute, ...] = ()
    sublabels: tuple["Label", ...] = ()
    svg: str | None = None

    def accepts(self, kind: str) -> bool:
        """Return whether CVAT pairs this label with shapes of `kind`, such as "rectangle"."""
        if self.type == "any":
            return kind != "skeleton"
        return kind == self.type or {kind, self.type} == _INTERCHANGEABLE


class LabelSet:
    """Labels by name and by id, in the order they were declared."""

    def __init__(self, labels: Iterable[Label]) -> None:
        """Check the labels by the rules of `modelyard_contract.labels`, and index them.

        Raises:
            LabelError: CVAT would refuse them; the message names the place.
        """
        self._labels = tuple(labels)
        _check(self._labels)
        self._by_name = {label.name: label for label in self._labels}
        self._by_id = {label.id: label for label in self._labels if label.id is not None}

    @classmethod
    def from_json(cls, spec: bytes | str | list[Any]) -> "LabelSet":
        """Read CVAT's label spec, a JSON list as text or decoded; empty text means no labels.

        Raises:
            LabelError: it is not such a list; the message names the place.
        """
        try:
            if isinstance(spec, bytes | str):
                return cls(msgspec.json.decode(spec or b"[]", type=tuple[Label, ...]))
            return cls(msgspec.convert(spec, type=tuple[Label, ...]))
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise LabelError(f"label set: {error}") from None

    def to_json(self) -> bytes:
        """Return the label spec as compact JSON, with a type in each label."""
        return msgspec.json.encode([_explicit(label) for label in self._labels])

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(self._by_name)

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids, in order, of labels that have one."""
        return tuple(self._by_id)

    def by_name(self, name: str) -> Label:
        """Return the label with a name.

        Raises:
            LabelError: it does not exist; the message suggests similar names.
        """
        try:
            return self._by_name[name]
        except KeyError:
            similar = get_close_matches(name, self._by_name, n=3)
            hint = f"did you mean {similar}?" if similar else _listing(self.names)
            raise LabelError(f"label {name!r} is not in the function's label set: {hint}") from None

    def by_id(self, number: int) -> Label:
        """Return the label with an id, a class number of the model.

        Raises:
            LabelError: it does not exist.
        """
        try:
            return self._by_id[number]
        except KeyError:
            raise LabelError(
                f"no label with id {number} is in the function's label set: {_listing(self.ids)}"
            ) from None

    def __contains__(self, name: object) -> bool:
        """Return whether a label with that name exists."""
        return name in self._by_name

    def __iter__(self) -> Iterator[Label]:
        """Yield the labels in order."""
        return iter(self._labels)

    def __len__(self) -> int:
        """Return the number of labels."""
        return len(self._labels)

    def __repr__(self) -> str:
        """Show the names."""
        return f"LabelSet({_listing(self.names)})"


def _check(labels: Iterable[Label]) -> None:
    try:
        rules.normalise_labels(msgspec.to_builtins(labels))
    except rules.LabelError as error:
        raise LabelError(str(error)) from None


def _explicit(label: Label) -> dict[str, Any]:
    """Write out the default type: CVAT versions differ on what its absence means."""
    spec: dict[str, Any] = msgspec.to_builtins(label) | {"type": label.type}
    if label.sublabels:
        spec["sublabels"] = [_explicit(sublabel) for sublabel in label.sublabels]
    return spec


def _listing(items: tuple[object, ...]) -> str:
    shown = ", ".join(str(item) for item in items[:5])
    return f"{shown}, … ({len(items)} in all)" if len(items) > 5 else shown or "it is empty"
