"""`invoke`: one real request."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
import base64
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.core.errors import DeployError, UsageError
from modelyard_tools.deployer.targets import add_target

_FAILED: Final = 1


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("invoke", help="send an image to a function, as CVAT does")
    parser.set_defaults(run=run)
    parser.add_argument("name")
    parser.add_argument("image", type=Path)
    parser.add_argument("--threshold", type=float, help="minimum score, 0 to 1")
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Send an image to a function as CVAT would, and print its reply."""
    from modelyard_tools.deployer.targets import open_target

    name = options.name
    target = open_target(options, session)
    body: dict[str, Any] = {"image": base64.b64encode(_read(options.image)).decode()}
    if options.threshold is not None:
        body["threshold"] = options.threshold
    with session.report.step(f"asking {name}"):
        reply = target.invoke(name, json.dumps(body).encode())
    refused = reply.status >= HTTPStatus.BAD_REQUEST
    if options.json:
        session.show_json({"status": reply.status, "body": _decoded(reply.body)})
        return _FAILED if refused else 0
    if refused:
        raise DeployError(f"{name} answered {reply.status}: {reply.error}")
    session.report.line(reply.body.decode(errors="replace"))
    return 0


def _decoded(body: bytes) -> Any:
    """Return the decoded body; as text if it is not JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _read(image: Path) -> bytes:
    """Return the file as CVAT sends it: upright."""
    from modelyard.imaging import ImageError, upright

    try:
        return upright(image.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {image}: {error.strerror}") from None
    except ImageError as error:
        raise UsageError(f"cannot read {image}: {error}") from None
