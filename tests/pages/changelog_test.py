"""The changelog's first entry is for the current version."""

import re
from pathlib import Path

from modelyard_contract.version import VERSION


def test_the_first_entry_is_of_this_version() -> None:
    entries = re.findall(r"^## (\S+)", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert entries[0] == VERSION
