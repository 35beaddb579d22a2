"""Where a BUILD file pins weights, and the edit that records a digest there."""

import ast
from pathlib import Path
from typing import Final

import msgspec

from modelyard_tools.weights.errors import WeightsError

_TARGET: Final = "model_weights"


class Pin(msgspec.Struct, frozen=True):
    """What a BUILD file states about one weights file.

    Attributes:
        file: The BUILD file.
        name: The target's name.
        source: Where it is published; None if the BUILD file computes it.
        digest: `sha256:…` or another digest; None if not recorded yet.
        size: Length in bytes; None if not stated.
        end: Where `source` ends: line number, from 1, and column in bytes.
    """

    file: Path
    name: str
    source: str | None
    digest: str | None
    size: int | None
    end: tuple[int, int]


def find_pin(repository: Path, address: str) -> Pin:
    """Return the pin of the target at an address such as `3rdparty/models:sam`.

    Raises:
        WeightsError: there is no such target, or its BUILD file cannot be parsed.
    """
    folder, colon, name = address.removeprefix("//").partition(":")
    if not (colon and name):
        raise WeightsError(f"{address!r} is not an address; use one such as 3rdparty/models:sam")
    for file in sorted((repository / folder).glob("BUILD*")):
        for call in _calls(file):
            given = {word.arg: word for word in call.keywords if word.arg}
            if "name" in given and _literal(given["name"]) == name:
                return _pin(file, name, given)
    raise WeightsError(f"no BUILD file in {folder or '.'} has a {_TARGET} {name!r}")


def record(pin: Pin, sha256: str, size: int) -> bool:
    """Write a digest and a size into the BUILD file; return whether that was necessary.

    Everything else in the file stays unchanged.

    Raises:
        WeightsError: a different digest or size is recorded there.
    """
    digest = f"sha256:{sha256}"
    if pin.size is not None and pin.size != size:
        raise WeightsError(
            f"{pin.name}: {pin.file.name} pins {pin.size} bytes but the file has {size}; if this "
            "is a new version, remove the old size from the BUILD file first"
        )
    if pin.digest == digest:
        return False
    if pin.digest is not None:
        raise WeightsError(
            f"{pin.name}: {pin.file.name} pins {pin.digest} but the file has {digest}; if this is "
            "a new version, remove the old digest and size from the BUILD file first"
        )
    new = f',\n    sha256="{sha256}"'
    if pin.size is None:
        new += f",\n    size={size}"
    lines = pin.file.read_bytes().splitlines(keepends=True)
    number, column = pin.end
    line = lines[number - 1]
    lines[number - 1] = line[:column] + new.encode() + line[column:]
    written = pin.file.with_name(f".{pin.file.name}.new")
    written.write_bytes(b"".join(lines))
    written.replace(pin.file)
    return True


def _calls(file: Path) -> list[ast.Call]:
    try:
        tree = ast.parse(file.read_text())
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise WeightsError(f"cannot read {file}: {error}") from error
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == _TARGET
    ]


def _pin(file: Path, name: str, given: dict[str, ast.keyword]) -> Pin:
    if "source" not in given:
        raise WeightsError(f"{name}: {file.name} does not set `source`")
    source, size, sha256, digest = (
        _literal(given[key]) if key in given else None
        for key in ("source", "size", "sha256", "digest")
    )
    if isinstance(sha256, str):
        digest = f"sha256:{sha256}"
    # The end of the keyword, since that of the value is before a closing parenthesis around it.
    word = given["source"]
    return Pin(
        file=file,
        name=name,
        source=source if isinstance(source, str) else None,
        digest=digest if isinstance(digest, str) else None,
        size=size if isinstance(size, int) else None,
        end=(word.end_lineno or word.lineno, word.end_col_offset or 0),
    )


def _literal(word: ast.keyword) -> object:
    return word.value.value if isinstance(word.value, ast.Constant) else None
