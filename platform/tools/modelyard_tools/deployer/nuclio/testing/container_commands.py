"""The docker double's commands for containers."""

import io
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelyard_tools.deployer.nuclio.testing.engine import ANYWHERE, Engine, RefusedError
from modelyard_tools.deployer.nuclio.testing.processes import health, kill, runs

_ADDRESS = os.environ.get("MODELYARD_DOCKER_DOUBLE_ADDRESS", "127.0.0.1")


def _create(engine: Engine, options: list[tuple[str, str]], words: list[str]) -> tuple[str, str]:
    named = dict(options)
    identity = os.urandom(32).hex()
    name = named.get("--name", identity[:12])
    if any(each["Name"] == name for each in engine.containers.values()):
        raise RefusedError(
            f'Error response from daemon: Conflict. The container name "/{name}" is already in use'
        )
    image = engine.image(words[0])
    files = engine.root / "containers" / identity / "files"
    if "Files" in image:
        import shutil  # noqa: PLC0415 - most calls do without

        shutil.copytree(image["Files"], files)
    else:
        files.mkdir(parents=True)
    engine.containers[identity] = {
        "Id": identity,
        "Name": name,
        "Image": image["Id"],
        "Healthcheck": image["Healthcheck"],
        "Labels": dict(value.split("=", 1) for key, value in options if key == "--label"),
        "Env": dict(value.split("=", 1) for key, value in options if key == "--env"),
        "Publish": dict(_published(value) for key, value in options if key == "--publish"),
        "Restart": named.get("--restart", "no"),
        "Options": options,
        "Ports": {},
        "Pid": None,
        "Health": None,
        "Started": False,
    }
    return f"{identity}\n", ""


def _published(text: str) -> tuple[str, tuple[str, str]]:
    """Parse `8080`, `20001:8080` or `127.0.0.1::8080`: the inner port, the host and its port."""
    parts = text.split(":")
    host, port = (["", "", *parts])[-3:-1]
    return parts[-1], (host, port)


def _copy(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    import tarfile  # noqa: PLC0415 - most calls do without

    name, _, folder = words[1].partition(":")
    files = engine.root / "containers" / engine.container(name)["Id"] / "files"
    with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as archive:
        archive.extractall(files / folder.lstrip("/"), filter="data")
    return "", ""


def _commit(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    """Create an image from a container: its own image, with its files."""
    import shutil  # noqa: PLC0415 - most calls do without

    container, identity = engine.container(words[0]), f"sha256:{os.urandom(32).hex()}"
    files = engine.root / "images" / identity
    shutil.copytree(engine.root / "containers" / container["Id"] / "files", files)
    image = engine.image(container["Image"])
    engine.images[words[1]] = {**image, "Id": identity, "Files": str(files)}
    return f"{identity}\n", ""


def _start(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    container = engine.container(words[0])
    if not runs(container):
        engine.run(container)
    return f"{words[0]}\n", ""


def _stop(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    kill(engine.container(words[0]))
    return f"{words[0]}\n", ""


def _remove(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    import shutil  # noqa: PLC0415 - most calls do without

    for word in words:
        # Removing a missing container by force succeeds.
        with suppress(RefusedError):
            container = engine.container(word)
            kill(container)
            del engine.containers[container["Id"]]
            shutil.rmtree(engine.root / "containers" / container["Id"])
    return "", ""


def _ps(engine: Engine, _: Any, __: list[str]) -> tuple[str, str]:
    return "".join(f"{identity}\n" for identity in engine.containers), ""


def _inspect(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    found, missing = [], []
    for word in words:
        try:
            found.append(_described(engine, engine.container(word)))
        except RefusedError as error:
            missing.append(str(error))
    return json.dumps(found), "\n".join(missing)


def _logs(engine: Engine, options: list[tuple[str, str]], words: list[str]) -> Any:
    path = engine.root / "containers" / engine.container(words[0])["Id"] / "log"
    lines = path.read_text(errors="replace").splitlines(keepends=True) if path.exists() else []
    named = dict(options)
    text = "".join(lines[-int(named.get("--tail", len(lines) or 1)) :])
    if "--follow" not in named:
        return text, ""
    container = dict(engine.container(words[0]))
    return lambda: _follow(path, text, container)


def _follow(path: Path, text: str, container: Any) -> None:
    """Print new output, until the container ends."""
    sys.stdout.write(text)
    sys.stdout.flush()
    with path.open() as log:
        log.seek(0, os.SEEK_END)
        while True:
            alive = runs(container)
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if not alive:
                return
            time.sleep(0.05)


def _described(engine: Engine, container: Any) -> Any:
    alive = runs(container)
    died = container["Pid"] is not None and not alive
    if died and container["Restart"] in ("always", "unless-stopped"):
        # A crashing container is restarted again and again, and is not "exited" in between.
        with suppress(RefusedError):
            engine.run(container)
        status = "restarting"
    else:
        status = "running" if alive else "exited" if died else "created"
    state = {"Status": status, "Running": alive, "ExitCode": 1 if died else 0, "OOMKilled": False}
    if container["Healthcheck"]:
        state["Health"] = {"Status": health(container) if alive else "unhealthy"}
    publish = container["Publish"].items()
    return {
        "Id": container["Id"],
        "Name": f"/{container['Name']}",
        "State": state,
        "Config": {"Labels": container["Labels"]},
        "HostConfig": {
            "PortBindings": {
                f"{inner}/tcp": [{"HostIp": host, "HostPort": port}]
                for inner, (host, port) in publish
            }
        },
        "NetworkSettings": {
            "Ports": {
                f"{inner}/tcp": [{"HostIp": ANYWHERE, "HostPort": str(port)}]
                for inner, port in container["Ports"].items()
                if alive
            },
            # Every container is a process of this machine.
            "Networks": {"bridge": {"IPAddress": _ADDRESS if alive else ""}},
        },
    }


CONTAINER_COMMANDS = {
    "create": _create,
    "cp": _copy,
    "commit": _commit,
    "start": _start,
    "stop": _stop,
    "rm": _remove,
    "ps": _ps,
    "container inspect": _inspect,
    "logs": _logs,
}
