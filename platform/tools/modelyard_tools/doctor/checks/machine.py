"""Disk, memory, and WSL."""

from collections.abc import Iterator

from modelyard_contract.limits import GIB
from modelyard_tools.doctor.facts import Facts, Place
from modelyard_tools.doctor.finding import Finding, note, problem, warning

# An environment with torch takes 1 GiB, and a deploy keeps the old one next to the new.
_LEAST_DISK = 2 * GIB
_SCARCE_DISK = 10 * GIB
_LEAST_MEMORY = GIB // 2
_A_WORKER = GIB // 2
_WINDOWS_DISKS = ("9p", "drvfs", "v9fs")


def disk(facts: Facts) -> Iterator[Finding]:
    """Free space where releases, builds and images are stored."""
    yield from _disk(facts.home, "`./pants run ::deploy -- stop`, then move MODELYARD_HOME")
    if facts.engine and facts.engine.place:
        yield from _disk(facts.engine.place, "docker system prune")


def _disk(place: Place, mend: str) -> Iterator[Finding]:
    what = f"{_gib(place.free)} free at {place.path}"
    if place.free < _LEAST_DISK:
        yield problem("disk", what, mend)
    elif place.free < _SCARCE_DISK:
        yield warning("disk", what, mend)


def memory(facts: Facts) -> Iterator[Finding]:
    """Memory for what runs and for one more function."""
    available = facts.machine.memory_available
    if available < _LEAST_MEMORY:
        yield problem(
            "memory",
            f"{_gib(available)} of memory left; the kernel kills workers when it runs out",
            "`./pants run ::deploy -- status` shows what uses it; `delete` unused functions, or "
            "give functions an idle_timeout",
        )
        return
    running = [f for each in facts.dashboards for f in each.functions if f.state == "ready"]
    if facts.machine.memory_total < len(running) * _A_WORKER:
        yield warning(
            "memory",
            f"{len(running)} functions run in {_gib(facts.machine.memory_total)} of memory",
            "give rarely used functions an idle_timeout in their BUILD file",
        )


def windows(facts: Facts) -> Iterator[Finding]:
    """WSL: version 1 lacks what we need, and Windows drives are slow and change line endings."""
    machine = facts.machine
    if not machine.wsl:
        return
    if machine.wsl == 1:
        yield problem(
            "wsl",
            "this is WSL 1, which has neither control groups nor Docker",
            "wsl --set-version <distribution> 2",
        )
    for place in (facts.repository, facts.home):
        if place.filesystem in _WINDOWS_DISKS:
            yield warning(
                "wsl",
                f"{place.path} is on a Windows drive: slow, and git may write CRLF there",
                "keep it in your home folder in WSL",
            )
    yield note(
        "wsl",
        "Docker Desktop's containers reach this machine as host.docker.internal, not as localhost",
        "MODELYARD_HOST=0.0.0.0 with a MODELYARD_TOKEN; see "
        "platform/tools/modelyard_tools/embedded/README.md",
    )


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
