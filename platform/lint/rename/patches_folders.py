"""Folders that are counted, put together of words, or spoken of."""

from typing import Final

from patch import LIBRARY, PLUGIN, TOOLS, Patch

# Folders that are counted, or put together of words.
_FOLDERS: Final = (
    Patch(f"{LIBRARY}/inference/memory_test.py", "__file__).parents[1]", "__file__).parents[2]"),
    Patch(f"{TOOLS}/adopt/adopt_test.py", "__file__).parents[3]", "__file__).parents[4]"),
    Patch(
        f"{TOOLS}/adopt/adopt_test.py",
        '"lib" / "annotation"',
        '"lib" / "modelyard" / "annotation"',
    ),
    Patch(f"{TOOLS}/adopt/adopt_test.py", '"lib" / "adopted"', '"lib" / "modelyard" / "adopted"'),
    Patch(
        f"{TOOLS}/adopt/identity.py", '"lib" / "annotation"', '"lib" / "modelyard" / "annotation"'
    ),
    Patch(
        f"{PLUGIN}/adopted_test.py",
        'parents[2] / "python" / "adopt"',
        'parents[2] / "tools" / "modelyard_tools" / "adopt"',
    ),
    Patch(f"{PLUGIN}/renderings/schema_test.py", '"serving/nuclio:', '"modelyard/serving/nuclio:'),
)
# A function may not be called like the package of the library.
_TAKEN: Final = (
    Patch(
        f"{TOOLS}/scaffold/scaffold_test.py",
        '("annotation", "already, in lib/modelyard/annotation")',
        '("modelyard", "already, in lib/modelyard")',
    ),
    Patch(f"{TOOLS}/scaffold/scaffold_test.py", '"lib" / "annotation"', '"lib" / "modelyard"'),
)
_PAGES: Final = (
    Patch("README.md", "| `lib` | shared code:", "| `lib/modelyard` | shared code:"),
    Patch("docs/how-it-works.md", "own package of `lib`, in", "own package of `modelyard`, in"),
)
FOLDERS: Final = (*_FOLDERS, *_TAKEN, *_PAGES)
