"""Writes docs/targets.md from the help that `./pants help model_function` prints.

./pants run platform/pants-plugins/modelyard_pants:reference -- docs/targets.md
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Iterator

from pants.engine.target import COMMON_TARGET_FIELDS, Target
from pants.engine.unions import UnionMembership
from pants.help.help_info_extracter import TargetFieldHelpInfo, TargetTypeHelpInfo

from modelyard_pants.function.targets import LabelSet, ModelFunction
from modelyard_pants.weights.export_targets import ExportedWeights
from modelyard_pants.weights.targets import ModelWeights

# Targets that people write in BUILD files; the rest are generated.
_TARGETS: tuple[type[Target], ...] = (ModelFunction, ModelWeights, ExportedWeights, LabelSet)
_HEAD = """# Targets

Written by `./pants run platform/pants-plugins/modelyard_pants:reference -- docs/targets.md` from
what `./pants help model_function` prints; a test fails if they differ.
"""


def reference() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(line for target in _TARGETS for line in _target(target))])


def _target(target_type: type[Target]) -> Iterator[str]:
    help_ = TargetTypeHelpInfo.create(
        target_type,
        provider="modelyard_pants",
        union_membership=UnionMembership({}),
        get_field_type_provider=None,
    )
    yield f"## {help_.alias}\n"
    yield f"{help_.description}\n"
    own = {field.alias for field in target_type.core_fields if field not in COMMON_TARGET_FIELDS}
    fields = [field for field in help_.fields if field.alias in own]
    for field in sorted(fields, key=lambda field: (not field.required, field.alias)):
        yield from _field(field)


def _field(field: TargetFieldHelpInfo) -> Iterator[str]:
    needed = "required" if field.required else f"default: `{field.default}`"
    yield f"### `{field.alias}`\n"
    yield f"`{field.type_hint}`, {needed}\n"
    yield f"{field.description}\n"


def main() -> int:
    """Write the page to the file named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="reference", description="Write docs/targets.md.")
    parser.add_argument("file", type=Path, help="the page to write")
    parser.parse_args().file.write_text(reference(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
