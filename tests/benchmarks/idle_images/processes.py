"""The kernel's accounting of processes and control groups (v1 and v2)."""

from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/sys/fs/cgroup")


def processor_seconds(pid: int) -> float:
    """Return the total CPU time of the control group of a process."""
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    groups = dict(line.split(":", 2)[1:] for line in lines)
    for controllers, path in groups.items():
        if "cpuacct" in controllers.split(","):
            return int((_GROUPS / f"cpuacct{path}/cpuacct.usage").read_text()) / 1e9
    counted = (_GROUPS / groups[""].lstrip("/") / "cpu.stat").read_text()
    return int(dict(line.split() for line in counted.splitlines())["usage_usec"]) / 1e6


def memory_kb(pid: int) -> int:
    """Return the proportional set size of a process in kilobytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise ValueError(f"the kernel does not report the memory of process {pid}")
