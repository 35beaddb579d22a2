"""Reads the pins of a lock file that apply to the images' Python and system."""

from collections.abc import Iterable, Mapping

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

import pins
from modelyard_tools.images.errors import ImageToolError


class Pin(msgspec.Struct, frozen=True):
    """One version of a package: `text` is its line in a requirements file, with hashes."""

    name: str
    text: str


def parse_lock(text: str) -> dict[str, Pin]:
    """Return the pins that apply here, by their canonical names.

    Raises:
        ImageToolError: a line is not a pin with hashes.
    """
    wrong = "a lock may only contain versions with hashes, not"
    try:
        parsed = pins.parse_lock(text)
    except pins.LockError as error:
        raise ImageToolError(f"{wrong} this: {error}") from None
    for item in parsed:
        if not item.hashes or item.version is None:
            raise ImageToolError(f"{wrong} {str(item.requirement)!r}")
    here = (item for item in parsed if item.applies())
    return {
        item.name: Pin(item.name, " ".join([f"{item.name}=={item.version}", *item.hashes]))
        for item in here
    }


def parse_requirements(text: str) -> list[Requirement]:
    """Return the requirements that apply here, one per line.

    Raises:
        ImageToolError: a line is not a requirement.
    """
    try:
        asked = pins.parse_requirements(text)
    except InvalidRequirement as error:
        raise ImageToolError(f"not a requirement: {error}") from None
    return [item for item in asked if item.marker is None or item.marker.evaluate()]


def render(pinned: Iterable[Pin]) -> str:
    """Return the pins as a requirements file."""
    return "".join(f"{pin.text}\n" for pin in pinned)


def pin_of(name: str, lock: Mapping[str, Pin], wanted_by: str) -> Pin:
    """Return the pin of a package.

    Raises:
        ImageToolError: the lock does not have it.
    """
    try:
        return lock[name]
    except KeyError:
        raise ImageToolError(
            f"{wanted_by} needs {name}, which the lock lacks; regenerate the lock: "
            "./pants run 3rdparty/python:lock"
        ) from None
