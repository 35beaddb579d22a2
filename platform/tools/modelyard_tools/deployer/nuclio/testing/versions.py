"""The function `echo` in distinguishable versions, and what `apply` must achieve with them."""

from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answering, answers
from modelyard_tools.embedded.testing.process import until

FULL = "Error response from daemon: write /var/lib/docker/tmp/x: no space left on device"
TRACEBACK = """\
Traceback (most recent call last):
  File "/opt/nuclio/_nuclio_wrapper.py", line 417, in run_wrapper
    wrapper_instance = Wrapper(
  File "/opt/modelyard/srcs/acme/detector.py", line 3, in <module>
    import torch
ModuleNotFoundError: No module named 'torch'"""
_KILLED = -9
# The text of a fault: for an engine that dies, the seconds until it is back.
TEXTS = {"fail": FULL, "engine-dies": "0.5"}


def echo(port: int, version: str, **behaviour: object) -> NuclioRelease:
    """Return the function in a version, on its port; `behaviour` is that of its container."""
    return NuclioRelease(name="echo", port=port, version=version, behaviour=behaviour)


def answers_now(world: World, port: int) -> str | None:
    """Return the version that answers, once the engine is back; asking it makes it return."""
    until(world.engine_is_up)
    return answers(port)


def serve(world: World, release: NuclioRelease, *arguments: str) -> None:
    """Build and apply a release without any fault."""
    done = world.deployer.run(*arguments, build=world.build(release))
    if done.returncode:
        raise AssertionError(done.stderr)


def apply_killed_at(world: World, port: int, via: str, point: str) -> None:
    """Apply version 2 with a deployer that is killed when `point` is reached."""
    build = world.build(echo(port, "2"))
    faults = world.docker_faults if point.startswith("docker") else world.nuclio.faults
    faults.plant(point, "kill")
    done = world.deployer.run("--via", via, build=build)
    if done.returncode != _KILLED:
        raise AssertionError(f"it was not killed at {point}: {done.stderr}")


def finish(world: World, port: int, via: str = "rest") -> None:
    """Run apply once more without any fault; see `require_served` for what it must achieve."""
    world.docker_faults.clear()
    world.nuclio.faults.clear()
    serve(world, echo(port, "2"), "--via", via)
    require_served(world, port)


def require_served(world: World, port: int, *others: str) -> None:
    """Require that version 2 serves next to the functions `others`, and nothing is left over."""
    found = (answering(port), world.state("echo"), set(world.containers()))
    wanted = ("2", "ready", {f"nuclio-nuclio-{name}" for name in ("echo", *others)})
    if found != wanted:
        raise AssertionError(f"{found} instead of {wanted}")
