"""Fakes the Pythons, pip, Pex and Pants that the launcher starts, without network or installation.

Run as `fake_python.py NAME ARGUMENT…`, where NAME is the path under which it was called: a stub
`python3.9` or `python3.11`, or the `python` of the environment that the former "made". Each call is
recorded as one JSON line in the file named by FAKE_LOG. Variables control the behaviour:
FAKE_DOWNLOAD (output of a failing `pip download`), FAKE_PIP_CONFIG (output of `pip config list`),
FAKE_PEX (output of measure.py for the tool), FAKE_REPACK (output of a failing repack.py),
FAKE_REFUSE (names whose probe fails), FAKE_SECONDS (seconds to create an environment) and FAKE_EXIT
(Pants' exit code).
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

PEX_SUM = "e5777b50dadb5ac011f976d432cd7e48a0eb5d135a291c952e10aef0c4ccc782"
WHEEL = "pb1_detectron2-0.6-py3-none-any.whl"
WHEEL_SUM = "142cf9d1d252e940d74eaaa3360ee77b1fa36ddd8345c3dc29a52061df51f266"
PEX_CONTENTS = "0de3ed949b46f42e4ecf671ea752b9099a264e06a5ed5c8f6d6dc9ba87817561"


def record(name: str, arguments: list[str]) -> None:
    entry = {"name": name, "arguments": arguments, "environment": dict(os.environ)}
    with Path(os.environ["FAKE_LOG"]).open("a") as log:
        log.write(json.dumps(entry) + "\n")


def make_environment(name: str, folder: Path) -> None:
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    (folder / "bin").mkdir(parents=True)
    shutil.copy(name, folder / "bin" / "python")
    (folder / "bin" / "pants").touch()
    (folder / "bin" / "pex").touch()
    client = folder / "lib/python3.9/site-packages/pants/bin/native_client"
    client.parent.mkdir(parents=True)
    client.write_text('#!/bin/sh\nexec "$_PANTS_SERVER_EXE" "$@"\n')


def play_pip(arguments: list[str]) -> int:
    if arguments[:2] == ["config", "list"]:
        print(os.environ.get("FAKE_PIP_CONFIG", ""))
    if arguments[0] == "download" and (failure := os.environ.get("FAKE_DOWNLOAD")):
        print(failure)
        return 1
    return 0


def play_repack(folder: Path) -> int:
    if failure := os.environ.get("FAKE_REPACK"):
        print(failure)
        return 1
    (folder / WHEEL).write_text("the wheel")
    return 0


def play_script(called: str, path: str, arguments: list[str]) -> int:
    if path.endswith("/probe.py"):
        name = f"python{arguments[0]}"
        if name in os.environ.get("FAKE_REFUSE", ""):
            sys.exit("it lacks the module ssl")
        print(called)
    elif path.endswith("/repack.py"):
        return play_repack(Path(arguments[0]))
    elif path.endswith("/measure.py") and arguments[0].endswith(".whl"):
        print(f"{WHEEL_SUM} 1911436 {WHEEL_SUM}")
    elif path.endswith("/measure.py"):
        print(os.environ.get("FAKE_PEX", f"{PEX_SUM} 3563509 {PEX_CONTENTS}"))
    elif path.endswith("/pex"):
        Path(arguments[arguments.index("--output-file") + 1]).write_text("the tool")
    elif path.endswith("/pants"):
        environment = dict(os.environ)
        answer = {
            "arguments": arguments,
            "cwd": str(Path.cwd()),
            "environment": environment,
            "umask": os.umask(0),
        }
        print(json.dumps(answer))
        return int(os.environ.get("FAKE_EXIT", "0"))
    return 0


def main(name: str, arguments: list[str]) -> int:
    record(name, arguments)
    match [argument for argument in arguments if argument != "-I"]:
        case ["-m", "venv", folder]:
            make_environment(name, Path(folder))
            return 0
        case ["-m", "pip", *rest]:
            return play_pip(rest)
        case [script, *rest]:
            return play_script(name, script, rest)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
