"""`./pants run tests/benchmarks/idle`: memory of a platform with stopped functions.

The target: less than 150 MB resident with 20 registered functions scaled to zero.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

import psutil

from modelyard_tools.embedded.testing.process import PlatformProcess, request, until
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

BAR: Final = 150.0
_MB: Final = 1e6


def main() -> int:
    """Measure; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(prog="idle", description=__doc__)
    parser.add_argument("--functions", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        ports = []
        with PlatformProcess(home) as platform:
            for number in range(options.functions):
                release = FakeRelease(name=f"f{number}", port=free_port(), idle_timeout=1.0)
                platform.deploy(release)
                ports.append(release.port)
            until(lambda: _all_asleep(platform))
            used = _resident(platform)
            platform.stop(signal.SIGTERM)
        with PlatformProcess(home) as platform:
            until(lambda: _all_asleep(platform))
            fresh = _resident(platform)
            woken = sum(request(port, "POST", "/", b"{}").status == 200 for port in ports)
    print(f"{options.functions} functions, registered and stopped; the platform uses")
    print(f"  {fresh:.0f} MB after its start, {used:.0f} MB after all had run (target: {BAR:g} MB)")
    print(f"{woken} of them answered their first request")
    return 0 if max(fresh, used) < BAR and woken == options.functions else 1


def _all_asleep(platform: PlatformProcess) -> bool:
    functions = platform.api("GET", "/api/functions").json
    return {each["status"]["state"] for each in functions.values()} == {"scaledToZero"}


def _resident(platform: PlatformProcess) -> float:
    # Includes the requests of the console and Prometheus.
    platform.api("GET", "/metrics")
    platform.api("GET", "/console/api/functions")
    return float(psutil.Process(platform.process.pid).memory_info().rss / _MB)


if __name__ == "__main__":
    sys.exit(main())
