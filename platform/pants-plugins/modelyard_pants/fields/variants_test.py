"""What is generated for a variant, beside the launcher's list of it."""

from __future__ import annotations

import re
from pathlib import Path

from modelyard_pants.fields.variants import ARTIFACTS


def test_the_launcher_knows_every_artifact_of_a_variant() -> None:
    """Any other target of a function is one that serves, and is run without the daemon."""
    listed = re.findall(r"^    (\*-.*?)\) ", Path("pants").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"\*-(\w+)", " ".join(listed))) == sorted(ARTIFACTS)
