"""What a lock file, requirements with hashes, pins for the images' Python and system."""

import re
from collections.abc import Iterable, Mapping

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from images.errors import ImageToolError


class Pin(msgspec.Struct, frozen=True):
    """One version of a package: `text` is its line of a requirements file, with its hashes."""

    name: str
    text: str


def parse_lock(text: str) -> dict[str, Pin]:
    """Return the pins that apply here, by their canonical names.

    Raises:
        ImageToolError: a line is no pin with hashes.
    """
    found: dict[str, Pin] = {}
    for line in logical_lines(text):
        asked, *hashes = re.split(r"\s+(?=--hash=)", line)
        requirement = _parsed(asked)
        if not hashes or not re.fullmatch(r"={2,3}[^*,]+", str(requirement.specifier)):
            raise ImageToolError(f"a lock holds versions with their hashes, and not {asked!r}")
        if _applies(requirement):
            name = canonicalize_name(requirement.name)
            version = str(requirement.specifier).lstrip("=")
            found[name] = Pin(name, " ".join([f"{name}=={version}", *hashes]))
    return found


def parse_requirements(text: str) -> list[Requirement]:
    """Return what is asked for here, a requirement a line.

    Raises:
        ImageToolError: a line is none.
    """
    return [item for item in map(_parsed, logical_lines(text)) if _applies(item)]


def render(pins: Iterable[Pin]) -> str:
    """Return the pins as a requirements file.

    With `===` (PEP 440, arbitrary equality), as another build of a version, such as `2.0+cpu`,
    satisfies `==2.0`, and may lie where the wanted one is looked for.
    """
    return "".join(f"{pin.text.replace('==', '===', 1)}\n" for pin in pins)


def logical_lines(text: str) -> Iterable[str]:
    """Give the lines of a requirements file: continued ones as one, comments left out."""
    for line in text.replace("\\\n", " ").splitlines():
        content = re.sub(r"(^|\s)#.*", "", line).strip()
        if content:
            yield content


def pin_of(name: str, pins: Mapping[str, Pin], wanted_by: str) -> Pin:
    """Return the pin of a package.

    Raises:
        ImageToolError: there is none.
    """
    try:
        return pins[name]
    except KeyError:
        raise ImageToolError(
            f"{wanted_by} needs {name}, which the lock does not hold; write the lock anew: "
            "./pants run 3rdparty/python:lock"
        ) from None


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def _parsed(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ImageToolError(f"{text!r} is no requirement: {error}") from None
