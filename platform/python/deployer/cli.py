"""The command line of `./pants run ::deploy -- …`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deployer.errors import DeployError, UsageError
from deployer.report import Report, make_report
from embedded.home import Home, HomeError

_DEFAULT: Final = "apply"
_EXITS: Final = "exit codes: 0 done, 1 failed, 2 wrong usage, 3 something is blocked (--strict)"
_INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parse(sys.argv[1:] if argv is None else argv)
    report = make_report()
    try:
        return _run(options, Home.from_env(), report)
    except UsageError as error:
        report.error(str(error))
        return 2
    except (DeployError, HomeError) as error:
        report.error(str(error))
        return 1
    except KeyboardInterrupt:
        report.error("interrupted; run it again to go on, or `status` to see what is running")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(options: argparse.Namespace, home: Home, report: Report) -> int:
    """Hand over to the command; each loads only what it needs."""
    # ruff: noqa: PLC0415
    home.prepare()
    if options.command in ("apply", "plan", "serve"):
        return _run_built(options, home, report)
    from deployer import commands

    match options.command:
        case "status":
            return commands.status(home, report, as_json=options.json)
        case "logs":
            return commands.logs(home, options.name, lines=options.lines, follow=options.follow)
        case "delete":
            return commands.delete(home, report, options.name)
        case "invoke":
            return commands.invoke(home, report, options.name, options.image, options.threshold)
        case _:
            return commands.stop(home, report)


def _run_built(options: argparse.Namespace, home: Home, report: Report) -> int:
    if options.releases is None:
        raise UsageError(f"{options.command} needs --releases, the folder that a build has made")
    work = _serve if options.command == "serve" else _deploy
    return work(options, home, report)


def _deploy(options: argparse.Namespace, home: Home, report: Report) -> int:
    from deployer.apply import Job, apply, plan
    from deployer.platform_code import CurrentCode, PexCode

    if options.command == "plan":
        return plan(home, report, options.releases, prune=options.prune)
    code = PexCode(options.platform_pex) if options.platform_pex else CurrentCode()
    return apply(
        Job(
            home=home,
            report=report,
            releases=options.releases,
            code=code,
            prune=options.prune,
            strict=options.strict,
        )
    )


def _serve(options: argparse.Namespace, home: Home, report: Report) -> int:
    from deployer.develop import Development, serve

    return serve(
        Development(
            home=home,
            report=report,
            releases=options.releases,
            source_roots=options.sources,
            port=options.port,
        )
    )


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line: what the build adds to it first, then the command and its options."""
    build = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    build.add_argument("--releases", type=Path, metavar="FOLDER")
    build.add_argument("--platform-pex", type=Path, metavar="PEX")
    options, rest = build.parse_known_args(argv)
    if not rest or (rest[0].startswith("-") and rest[0] not in ("-h", "--help")):
        rest = [_DEFAULT, *rest]
    return _parser(build).parse_args(rest, options)


def _parser(build: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deploy",
        description="Deploy the functions that were built, and look after those that run.",
        epilog=f"without a command: {_DEFAULT}; {_EXITS}",
        parents=[build],
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, text in (
        ("apply", "deploy what has changed (the default)"),
        ("plan", "show what apply would do"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "--prune", action="store_true", help="remove functions that are not in this build"
        )
        if name == _DEFAULT:
            command.add_argument(
                "--strict", action="store_true", help="exit with 3 if a function is blocked"
            )
    serve = commands.add_parser("serve", help="serve one function here, and follow edits of it")
    serve.add_argument("--sources", type=Path, nargs="+", required=True, metavar="FOLDER")
    serve.add_argument(
        "--port", type=int, default=8081, help="on the loopback interface (default 8081)"
    )
    status = commands.add_parser("status", help="show the functions and how they are")
    status.add_argument("--json", action="store_true", help="for programs")
    logs = commands.add_parser("logs", help="show what a function, or `platform`, has printed")
    logs.add_argument("name")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what is new")
    logs.add_argument("-n", "--lines", type=int, default=100, help="how many (default 100)")
    commands.add_parser("stop", help="end the platform and all functions")
    delete = commands.add_parser("delete", help="stop a function and forget it")
    delete.add_argument("name")
    invoke = commands.add_parser("invoke", help="send an image to a function, as CVAT does")
    invoke.add_argument("name")
    invoke.add_argument("image", type=Path)
    invoke.add_argument("--threshold", type=float, help="least score, 0 to 1")
    return parser
