"""What `from modelyard import …` takes besides the new files."""

from typing import Final

from patch import PLUGIN, Patch

EXPORTS: Final = (
    Patch(f"{PLUGIN}/register.py", "    export,\n", "    export,\n    exports,\n"),
    Patch(
        f"{PLUGIN}/register.py",
        "        *export.rules(),\n",
        "        *export.rules(),\n        *exports.rules(),\n",
    ),
    Patch(
        "platform/lint/mypy.ini",
        "\n# Pants' own API",
        """
# Where nobody imports some name of it, the name's module is not there either.
[mypy-modelyard]
disable_error_code = import-not-found

# Pants' own API""",
    ),
)
