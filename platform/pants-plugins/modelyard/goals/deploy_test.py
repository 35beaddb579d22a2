from __future__ import annotations

import pytest

from modelyard.goals.deploy import needs_releases


@pytest.mark.parametrize(
    ("arguments", "builds"),
    [
        ((), True),
        (("apply",), True),
        (("plan", "--json"), True),
        (("--prune",), True),
        (("status",), False),
        (("logs", "apply"), False),
        (("stop",), False),
        (("--json", "status"), False),
    ],
)
def test_only_commands_that_work_on_releases_build_them(
    arguments: tuple[str, ...], builds: bool
) -> None:
    assert needs_releases(arguments) is builds
