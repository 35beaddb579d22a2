from __future__ import annotations

from typing import Any, Iterable

from modelyard_pants.common import (
    changed_names,
    modules,
    named,
    option_pexes,
    option_tools,
    runnable,
)

changed_names.replace_methods()


def rules() -> Iterable[Any]:
    return (
        *modules.rules(),
        *named.rules(),
        *option_pexes.rules(),
        *option_tools.rules(),
        *runnable.rules(),
    )
