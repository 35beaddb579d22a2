"""A double of nuctl: exit codes 0 and 1, its log on standard output, errors on standard error."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from modelyard_tools.deployer.nuclio.testing.platform import VARIABLE, Nuclio, RefusedError

_STACK = "\nCall stack:\nFailed to deploy function\n    /nuclio/pkg/nuctl/command/deploy.go:174\n"


def main(arguments: list[str]) -> int:
    """Do what nuctl would."""
    nuclio = Nuclio(Path(os.environ[VARIABLE]))
    options = _parse(arguments)
    if options.command != "version" and options.platform != "local":
        # Any kubeconfig is enough for it.
        print("Error - Failed to create a Kubernetes client", file=sys.stderr)
        return 1
    try:
        return _run(nuclio, options)
    except RefusedError as error:
        print(f"Error - {error}{_STACK}", file=sys.stderr)
        return 1


def _run(nuclio: Nuclio, options: argparse.Namespace) -> int:
    match options.command:
        case "version":
            print('Client version:\n"Label: 1.13.0, Git commit: c4422eb, OS: linux"')
        case "create":
            nuclio.create_project(options.name)
        case "get":
            return _get(nuclio, options.name)
        case "delete":
            nuclio.delete(options.name, force=options.force)
        case "deploy":
            return _deploy(nuclio, options)
    return 0


def _get(nuclio: Nuclio, name: str | None) -> int:
    found = [each for key, each in nuclio.functions().items() if name in (None, key)]
    if name and not found:
        print("Error - No functions found", file=sys.stderr)
        return 1
    if not found:
        print("No functions found")
    else:
        print(json.dumps(found[0] if len(found) == 1 else found, indent=2))
    return 0


def _deploy(nuclio: Nuclio, options: argparse.Namespace) -> int:
    config = yaml.safe_load(Path(options.file).read_text())
    config["metadata"].setdefault("labels", {})["nuclio.io/project-name"] = options.project_name
    name = config["metadata"]["name"]
    print(f'24.03.10 12:00:00.000 nuctl (I) Deploying function {{"name": "{name}"}}', flush=True)
    ended: Any = nuclio.carry_out(nuclio.accept(config), os.getppid)
    status = ended["status"]
    if status["state"] == "building":
        # From outside, it looks killed.
        os.kill(os.getpid(), 9)
    if status["state"] != "ready":
        print(f"Error - {status['message']}{_STACK}", file=sys.stderr)
        return 1
    print("24.03.10 12:00:01.000 nuctl (I) Function deploy complete")
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nuctl")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version")
    create = commands.add_parser("create")
    create.add_argument("kind", choices=["project"])
    create.add_argument("name")
    get = commands.add_parser("get")
    get.add_argument("kind", choices=["functions"])
    get.add_argument("name", nargs="?")
    get.add_argument("-o", "--output", choices=["json"], required=True)
    delete = commands.add_parser("delete")
    delete.add_argument("kind", choices=["functions"])
    delete.add_argument("name")
    delete.add_argument("--force", action="store_true")
    deploy = commands.add_parser("deploy")
    deploy.add_argument("-f", "--file", required=True)
    deploy.add_argument("--project-name", default="default")
    for command in (create, get, delete, deploy):
        command.add_argument("--platform", default="auto")
        command.add_argument("--namespace", default="nuclio")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
