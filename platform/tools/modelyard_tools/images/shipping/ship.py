"""Ships a built image.

    run [docker options]      load it into the engine and start it on its port on 127.0.0.1
    load                      load it into the engine
    save FILE                 write it for `docker load` or `podman load` on a host without network
    push REPOSITORY TAG...    copy it to a registry, under each tag
    has REPOSITORY TAG...     exit code 3 unless the registry has it under each tag

`--image DIR` names its OCI layout, `--port` the port. Exit code 1: the last line on stderr says
why it failed and what to do.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from modelyard_contract.images import DIGEST_LABEL
from modelyard_contract.ports import EVENTS
from modelyard_tools.errors import ToolError
from modelyard_tools.images.compressed import Compressed
from modelyard_tools.images.layout import Layout
from modelyard_tools.images.shipping import registry
from modelyard_tools.images.shipping.archive import write_archive
from modelyard_tools.images.shipping.engine import Engine

_NOT_THERE = 3
# A function needs no privileges. The user's own options come after these and win.
_CONFINED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")  # noqa: S108


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return the exit code."""
    options, rest = _parse(arguments)
    try:
        layout = Layout.read(options.image)
        match options.command:
            case "run":
                _run(layout, options.port, rest)
            case "load":
                _load(layout)
            case "save":
                _save(layout, options.file)
            case "push":
                _push(layout, options.repository, options.tags)
            case "has":
                there = _has(layout, options.repository, options.tags)
                return 0 if there else _NOT_THERE
    except (ToolError, OSError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="modelyard_tools.images.shipping.ship",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--port", type=int, default=EVENTS)
    parser.set_defaults(command="run")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run")
    commands.add_parser("load")
    commands.add_parser("save").add_argument("file", type=Path)
    for name in ("push", "has"):
        command = commands.add_parser(name)
        command.add_argument("repository")
        command.add_argument("tags", nargs="+")
    options, rest = parser.parse_known_args(arguments)
    options.command = options.command or "run"
    if rest and options.command != "run":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    return options, rest


def _load(layout: Layout) -> Engine:
    engine = Engine()
    count = engine.load(layout, [layout.reference])
    print(f"{layout.reference}: {count} of {len(layout.layers)} layers were new", flush=True)
    return engine


def _run(layout: Layout, port: int, options: list[str]) -> None:
    engine = _load(layout)
    print(f"http://127.0.0.1:{port}", flush=True)
    publish = f"--publish=127.0.0.1:{port}:{EVENTS}"
    engine.replace_with(["run", "--rm", publish, *_CONFINED, *options, layout.reference])


def _save(layout: Layout, file: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as partial:
        compressed = Compressed(partial)
        write_archive(layout, [layout.reference], compressed)
        compressed.finish()
    # As the umask would have set it.
    Path(partial.name).chmod(0o644)
    os.replace(partial.name, file)
    print(f"{file}: {layout.reference}, {file.stat().st_size} bytes; `docker load -i {file}`")


def _has(layout: Layout, repository: str, tags: list[str]) -> bool:
    digest = layout.labels.get(DIGEST_LABEL, "")
    return all(registry.is_there(repository, tag, digest) for tag in tags)


def _push(layout: Layout, repository: str, tags: list[str]) -> None:
    first, *others = tags
    # The first tag is derived from the content, so an existing one need not be pushed again.
    if not _has(layout, repository, [first]):
        registry.push(layout, repository, first)
    for tag in others:
        registry.retag(repository, first, tag)
    print("\n".join(f"{repository}:{tag}" for tag in tags))


if __name__ == "__main__":
    sys.exit(main())
