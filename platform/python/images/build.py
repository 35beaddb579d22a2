"""Builds one layer.

    python -m images.build base --lock FILE --cache DIR --out DIR
    python -m images.build environment --pex PEX --name NAME [--with-sources] [--path P] --out DIR
    python -m images.build packages --name NAME --from WHEELS --into ENVIRONMENT --out DIR
    python -m images.build files --name NAME --at FOLDER --from DIR --out DIR
    python -m images.build library --sources PEX --package NAME --out DIR
    python -m images.build function --sources PEX --package NAME --model FILE --spec FILE --out DIR
    python -m images.build nuclio --from LAYOUT --out DIR

WHEELS is a folder of installed wheels, as a PEX has them; ENVIRONMENT, of another layer, is where
they come to lie. `--sources` is a PEX of whatever layout, or a folder. `--package` is the
function's own; the rest of its sources, shared code, is the layer below.

Writes `blobs/sha256/<digest>` and `<layer>.json` to DIR. Exit code 1: it could not be built; the
last line on stderr says why and what to do.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from images import base, debian, environment, onbuild, pexes
from images.errors import ImageToolError
from images.layer import write_layer
from images.layout import Layout
from images.tree import Tree

SPEC: Final = f"{environment.ROOT}/function.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return its exit code."""
    options = _parse(arguments)
    try:
        tree = options.tree(options)
        layer = write_layer(options.layer, tree, options.out)
    except ImageToolError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    print(f"{layer.name}: {layer.files_size} bytes of files, {layer.size} compressed")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="images.build", description=__doc__.split("\n")[0])
    kinds = parser.add_subparsers(required=True)

    kind = kinds.add_parser("base")
    kind.set_defaults(tree=_base, layer="base")
    kind.add_argument("--lock", type=Path, required=True)
    kind.add_argument("--cache", type=Path, required=True)

    kind = kinds.add_parser("environment")
    kind.set_defaults(tree=_environment)
    kind.add_argument("--pex", type=Path, required=True)
    kind.add_argument("--name", dest="layer", required=True)
    kind.add_argument("--with-sources", action="store_true")
    kind.add_argument("--path", action="append", default=[])

    kind = kinds.add_parser("packages")
    kind.set_defaults(tree=_packages)
    kind.add_argument("--name", dest="layer", required=True)
    kind.add_argument("--from", dest="folder", type=Path, required=True)
    kind.add_argument("--into", required=True)

    kind = kinds.add_parser("files")
    kind.set_defaults(tree=_files)
    kind.add_argument("--name", dest="layer", required=True)
    kind.add_argument("--at", required=True)
    kind.add_argument("--from", dest="folder", type=Path, required=True)

    kind = kinds.add_parser("nuclio")
    kind.set_defaults(tree=_nuclio, layer="nuclio")
    kind.add_argument("--from", dest="layout", type=Path, required=True)

    kind = kinds.add_parser("library")
    kind.set_defaults(tree=_library, layer="lib")
    kind.add_argument("--sources", type=Path, required=True)
    kind.add_argument("--package", required=True)

    kind = kinds.add_parser("function")
    kind.set_defaults(tree=_function, layer="srcs")
    kind.add_argument("--sources", type=Path, required=True)
    kind.add_argument("--package", required=True)
    kind.add_argument("--model", type=Path, required=True)
    kind.add_argument("--spec", type=Path, required=True)

    for kind in kinds.choices.values():
        kind.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


def _base(options: argparse.Namespace) -> Tree:
    lock = debian.Lock.read(options.lock)
    machine = os.uname()
    base.check_machine(lock.architecture, machine.sysname, machine.machine)
    return base.base_tree(lock, options.cache)


def _environment(options: argparse.Namespace) -> Tree:
    tree = Tree()
    environment.add_environment(tree, options.layer, options.path)
    groups = list(pexes.distributions(options.pex).values())
    if options.with_sources:
        groups.append(pexes.sources(options.pex))
    environment.add_modules(tree, environment.site_packages(options.layer), groups)
    return tree


def _packages(options: argparse.Namespace) -> Tree:
    tree = Tree()
    groups = list(pexes.wheels(options.folder).values())
    environment.add_modules(tree, environment.site_packages(options.into), groups)
    return tree


def _files(options: argparse.Namespace) -> Tree:
    tree = Tree()
    for path in sorted(options.folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(options.folder).as_posix()
            executable = os.access(path, os.X_OK)
            tree.add_file(f"{options.at}/{name}", path.read_bytes, executable=executable)
    return tree


def _library(options: argparse.Namespace) -> Tree:
    return _sources(options, own=False)


def _function(options: argparse.Namespace) -> Tree:
    tree = _sources(options, own=True)
    tree.add_file(f"{environment.ROOT}/model.json", options.model.read_bytes)
    tree.add_file(SPEC, options.spec.read_bytes)
    return tree


def _sources(options: argparse.Namespace, *, own: bool) -> Tree:
    tree = Tree()
    members = [
        member
        for member in pexes.sources(options.sources)
        if (member.path.partition("/")[0] == options.package) == own
    ]
    environment.add_modules(tree, environment.SOURCES, [members])
    return tree


def _nuclio(options: argparse.Namespace) -> Tree:
    return onbuild.onbuild_tree(Layout.read(options.layout))


if __name__ == "__main__":
    sys.exit(main())
