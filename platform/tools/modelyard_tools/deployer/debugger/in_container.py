"""`debug --to container`: the function's standalone image, in a new container."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from modelyard_contract.nuclio import CONFIG_FILE
from modelyard_contract.ports import EVENTS
from modelyard_contract.variables import setting
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.nuclio_config import function_config
from modelyard_tools.deployer.debugger.contained import (
    A_DAY,
    contained,
    debug_config,
    env_of,
    inside,
)
from modelyard_tools.deployer.debugger.session import Debugging, end_like_ctrl_c
from modelyard_tools.deployer.development.loopback import HOST, listen_here
from modelyard_tools.deployer.nuclio.containers import SIDE_LABEL, container_options
from modelyard_tools.engine.engine import Engine

_SUFFIX: Final = "-standalone"
_PATIENT: Final = {setting("ready_timeout"): str(A_DAY)}


def debug_in_container(debugging: Debugging) -> int:
    """Run the container until Ctrl-C, and remove it; return the exit code.

    Raises:
        DeployError: the engine, the image or the port is not available.
    """
    engine, name = Engine(), f"modelyard-debug-{debugging.name}"
    config = function_config(debugging.release)
    image = f"{config['spec']['image']}{_SUFFIX}"
    found = engine.images([image]).get(image)
    if found is None:
        raise DeployError(
            f"image {image} not found; build it: "
            f"./pants run {debugging.release.manifest.address}-image -- load"
        )
    ours = contained(debugging.debugger, debugging.source_roots, {**found.env, **env_of(config)})
    config = debug_config(config, {**_PATIENT, **ours.env})
    # The image has its own configuration, with lower precedence.
    files = {**ours.files, CONFIG_FILE: msgspec.json.encode(config)}
    for port, option in ((debugging.port, "--port"), (debugging.debugger.port, "--debug-port")):
        listen_here(port, option).close()
    end_like_ctrl_c()
    report = debugging.session.report
    engine.remove([name])
    try:
        with report.step(f"starting {image} with a debugger"):
            engine.start(name, image, _options(debugging, config["spec"]), files)
        url = f"http://{HOST}:{debugging.port}"
        report.line(f"{debugging.name} is served on {url}, in the container {name}; Ctrl-C ends it")
        debugging.announce((HOST, debugging.debugger.port), inside(debugging.source_roots))
        engine.watch(name)
        ended = engine.container(name)
        code = ended.exit_code if ended else "unknown"
        raise DeployError(f"the container {name} exited with code {code}")
    except KeyboardInterrupt:
        return 0
    finally:
        engine.remove([name])


def _options(debugging: Debugging, spec: Mapping[str, Any]) -> list[str]:
    options = ["--label", f"{SIDE_LABEL}={debugging.name}"]
    for outer, inner in (
        (debugging.port, EVENTS),
        (debugging.debugger.port, debugging.debugger.port),
    ):
        options += ["--publish", f"{HOST}:{outer}:{inner}"]
    return [*options, *container_options(spec)]
