"""Builds one layer, or lists the packages that go into layers.

    python -m modelyard_tools.images.layers.build base --lock FILE --cache DIR --out DIR
    python -m modelyard_tools.images.layers.build closure --lock FILE --asked FILE --out DIR
    python -m modelyard_tools.images.layers.build environment --name N [--pins FILE]
        [--sources DIR] [--path P] [--serves] --out DIR
    python -m modelyard_tools.images.layers.build packages --name NAME --pins FILE
        --into ENVIRONMENT --out DIR
    python -m modelyard_tools.images.layers.build files --name NAME --at FOLDER --from DIR --out DIR
    python -m modelyard_tools.images.layers.build library --sources DIR --package NAME --out DIR
    python -m modelyard_tools.images.layers.build function --sources DIR --package NAME --model FILE
        --spec FILE --out DIR
    python -m modelyard_tools.images.layers.build nuclio --from LAYOUT --out DIR
    python -m modelyard_tools.images.layers.build compress --layer FILE --out DIR

`closure` writes `closure.json`: the packages of a lock, a requirements file with hashes, that the
requested ones need, with their sizes. `--pins` are lines of such a file. ENVIRONMENT, in another
layer, is where packages are placed. `--serves` adds the health check, as `nuclio` does.
`--package` is the function's own; the rest of its sources, shared code, is the layer below.

A layer is `blobs/sha256/<digest>` and `<layer>.json` in DIR. `compress` takes the latter, with the
blob beside it. Exit code 1: it could not be built; the last line on stderr says why and what to do.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from modelyard_contract.release import CONFIG, MODEL
from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers import base, debian, environment, health_check, locked, onbuild
from modelyard_tools.images.layers.closure import closure
from modelyard_tools.images.layers.installed import Installed
from modelyard_tools.images.layers.layer import Layer, compress_layer, write_layer
from modelyard_tools.images.layers.members import Member, members_in
from modelyard_tools.images.layers.tree import Tree
from modelyard_tools.images.layout import Layout, blob_in

SPEC: Final = f"{environment.ROOT}/{CONFIG}"
HEALTH_CHECK: Final = f"{environment.ROOT}/health_check.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return the exit code."""
    options = _parse(arguments)
    try:
        # Installed packages are read while the layer is written.
        with tempfile.TemporaryDirectory(dir=".") as scratch:
            options.scratch = Path(scratch).resolve()
            summary = options.run(options)
    except ImageToolError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    print(summary)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="modelyard_tools.images.layers.build", description=__doc__.split("\n")[0]
    )
    kinds = parser.add_subparsers(required=True)

    kind = kinds.add_parser("base")
    kind.set_defaults(run=_write, tree=_base, layer="base")
    kind.add_argument("--lock", type=Path, required=True)
    kind.add_argument("--cache", type=Path, required=True)

    kind = kinds.add_parser("closure")
    kind.set_defaults(run=_closure)
    kind.add_argument("--lock", type=Path, required=True)
    kind.add_argument("--asked", type=Path, required=True)

    kind = kinds.add_parser("environment")
    kind.set_defaults(run=_write, tree=_environment)
    kind.add_argument("--name", dest="layer", required=True)
    kind.add_argument("--pins", type=Path)
    kind.add_argument("--sources", type=Path)
    kind.add_argument("--path", action="append", default=[])
    kind.add_argument("--serves", action="store_true")

    kind = kinds.add_parser("packages")
    kind.set_defaults(run=_write, tree=_packages)
    kind.add_argument("--name", dest="layer", required=True)
    kind.add_argument("--pins", type=Path, required=True)
    kind.add_argument("--into", required=True)

    kind = kinds.add_parser("files")
    kind.set_defaults(run=_write, tree=_files)
    kind.add_argument("--name", dest="layer", required=True)
    kind.add_argument("--at", required=True)
    kind.add_argument("--from", dest="folder", type=Path, required=True)

    kind = kinds.add_parser("nuclio")
    kind.set_defaults(run=_write, tree=_nuclio, layer="nuclio")
    kind.add_argument("--from", dest="layout", type=Path, required=True)

    kind = kinds.add_parser("library")
    kind.set_defaults(run=_write, tree=_library, layer="lib")
    kind.add_argument("--sources", type=Path, required=True)
    kind.add_argument("--package", required=True)

    kind = kinds.add_parser("function")
    kind.set_defaults(run=_write, tree=_function, layer="srcs")
    kind.add_argument("--sources", type=Path, required=True)
    kind.add_argument("--package", required=True)
    kind.add_argument("--model", type=Path, required=True)
    kind.add_argument("--spec", type=Path, required=True)

    kind = kinds.add_parser("compress")
    kind.set_defaults(run=_compress)
    kind.add_argument("--layer", type=Path, required=True)

    for kind in kinds.choices.values():
        kind.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


def _write(options: argparse.Namespace) -> str:
    layer = write_layer(options.layer, options.tree(options), options.out)
    return f"{layer.name}: {layer.files_size} bytes of files"


def _compress(options: argparse.Namespace) -> str:
    plain = msgspec.json.decode(options.layer.read_bytes(), type=Layer)
    layer = compress_layer(plain, blob_in(options.layer.parent, plain.digest), options.out)
    return f"{layer.name}: {layer.files_size} bytes of files, {layer.size} compressed"


def _closure(options: argparse.Namespace) -> str:
    pins = locked.parse_lock(options.lock.read_text())
    asked = locked.parse_requirements(options.asked.read_text())
    packages = closure(asked, pins, Installed(options.scratch))
    options.out.mkdir(exist_ok=True)
    (options.out / "closure.json").write_bytes(msgspec.json.encode(packages))
    return f"{len(packages)} packages"


def _base(options: argparse.Namespace) -> Tree:
    lock = debian.Lock.read(options.lock)
    machine = os.uname()
    base.check_machine(lock.architecture, machine.sysname, machine.machine)
    return base.base_tree(lock, options.cache)


def _environment(options: argparse.Namespace) -> Tree:
    tree = Tree()
    environment.add_environment(tree, options.layer, options.path)
    groups = _installed(options)
    if options.sources:
        groups.append(members_in(options.sources))
    environment.add_modules(tree, environment.site_packages(options.layer), groups)
    if options.serves:
        _add_health_check(tree)
    return tree


def _packages(options: argparse.Namespace) -> Tree:
    tree = Tree()
    environment.add_modules(tree, environment.site_packages(options.into), _installed(options))
    return tree


def _installed(options: argparse.Namespace) -> list[list[Member]]:
    installed = Installed(options.scratch)
    if options.pins:
        installed.add(locked.parse_lock(options.pins.read_text()).values())
    return [installed.members(package) for package in installed.packages().values()]


def _files(options: argparse.Namespace) -> Tree:
    tree = Tree()
    for member in members_in(options.folder):
        name = f"{options.at}/{member.path}"
        tree.add_file(name, member.read, executable=member.executable)
    return tree


def _library(options: argparse.Namespace) -> Tree:
    return _sources(options, own=False)


def _function(options: argparse.Namespace) -> Tree:
    tree = _sources(options, own=True)
    tree.add_file(f"{environment.ROOT}/{MODEL}", options.model.read_bytes)
    tree.add_file(SPEC, options.spec.read_bytes)
    return tree


def _sources(options: argparse.Namespace, *, own: bool) -> Tree:
    tree = Tree()
    members = [
        member
        for member in members_in(options.sources)
        if (member.path.partition("/")[0] == options.package) == own
    ]
    environment.add_modules(tree, environment.SOURCES, [members])
    return tree


def _nuclio(options: argparse.Namespace) -> Tree:
    tree = onbuild.onbuild_tree(Layout.read(options.layout))
    _add_health_check(tree)
    return tree


def _add_health_check(tree: Tree) -> None:
    tree.add_bytes(HEALTH_CHECK, Path(health_check.__file__).read_bytes())


if __name__ == "__main__":
    sys.exit(main())
