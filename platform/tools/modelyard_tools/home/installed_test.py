from pathlib import Path

import msgspec

from modelyard.inference.threads import available_cores
from modelyard.serving.server.spec import WorkerSpec
from modelyard_tools.home.folders import Home
from modelyard_tools.home.installed import find_release, worker_spec
from modelyard_tools.releases.config import FunctionConfig, RawConfig
from modelyard_tools.testing.releases import FakeRelease, install


def spec_of(home: Home, release: FakeRelease) -> WorkerSpec:
    install(home, release)
    config = FunctionConfig.parse(msgspec.convert(release.config(), RawConfig))
    return worker_spec(home, config, find_release(home, config))


def test_workers_share_the_cores_and_what_was_compiled(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = spec_of(home, FakeRelease(name="one", port=1, workers=1))
    changed = spec_of(home, FakeRelease(name="one", port=1, workers=64, source="x = 1"))
    assert first.env["MODELYARD_THREADS"] == str(available_cores())
    assert changed.env["MODELYARD_THREADS"] == changed.env["OPENBLAS_NUM_THREADS"] == "1"
    # A change of the code keeps the model and its compiled form.
    assert first.env["MODELYARD_MODEL_CACHE"] == changed.env["MODELYARD_MODEL_CACHE"]
    assert Path(first.env["MODELYARD_MODEL_CACHE"]).parent == home.compiled


def test_another_model_has_another_cache(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    caches = {
        spec_of(home, FakeRelease(name="one", port=1, model={"version": version})).env[
            "MODELYARD_MODEL_CACHE"
        ]
        for version in (1, 2)
    }
    assert len(caches) == 2
