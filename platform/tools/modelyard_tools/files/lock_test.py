import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard_tools.files.lock import LockedError, held
from modelyard_tools.testing.releases import absolute_search_path

HOLD = """
import pathlib
import sys
from modelyard_tools.files.lock import held

with held(pathlib.Path(sys.argv[1]), 0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_has_one_holder_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path, 0):
        with pytest.raises(LockedError) as caught, held(path, 0.1):
            pass
        assert caught.value.holder == os.getpid()
    with held(path, 0):
        pass


def test_a_killed_holder_releases_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(absolute_search_path())}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockedError) as caught, held(path, 0):
            pass
        assert caught.value.holder == holder.pid
        holder.kill()
        holder.wait()
        with held(path, 0):
            pass
