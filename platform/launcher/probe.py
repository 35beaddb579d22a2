"""Prints the path of the CPython that runs this, or says why the launcher cannot use it.

Run as `PYTHON -I probe.py VERSION`, with any interpreter found under that version's name.
"""

import importlib
import os
import sys

# 3.9 creates Pants' environment; 3.11 runs the pip inside Pex, which still needs distutils.
NEEDED = {
    "3.9": ["ssl", "zlib", "venv", "ensurepip"],
    "3.11": ["ssl", "zlib", "venv", "distutils.core"],
}

wanted = sys.argv[1]
found = f"{sys.version_info[0]}.{sys.version_info[1]}"
if sys.implementation.name != "cpython" or found != wanted:
    sys.exit(f"it is {sys.implementation.name} {found}")
for module in NEEDED[wanted]:
    try:
        importlib.import_module(module)
    except ImportError:
        sys.exit(f"it lacks the module {module}")
# A shim or a virtual environment could change during a build; its base does not.
path = getattr(sys, "_base_executable", None) or sys.executable
named = os.path.join(os.path.dirname(path), "python" + wanted)
if os.path.exists(named):
    path = named
if any(character in path for character in " \t\n:\"'\\"):
    sys.exit("its path contains a space, colon or quote, which Pants cannot search")
print(path)
