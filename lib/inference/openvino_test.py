"""Sessions on a tiny model that the test builds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as op

from inference.device import Device
from inference.openvino import OpenVINOError, OpenVINOSession

CPU = Device()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write a model that gives `sum` [?, 1] and `double` [?, 3] of `x` float32 [?, 3]."""
    x = op.parameter([-1, 3], np.float32)
    total = op.reduce_sum(x, op.constant(np.int32(1)), True)
    double = op.multiply(x, op.constant(np.float32(2)))
    for port, name in ((x, "x"), (total, "sum"), (double, "double")):
        port.output(0).set_names({name})
    path = tmp_path / "tiny.xml"
    openvino.save_model(openvino.Model([total, double], [x], "tiny"), path)
    return path


def test_arrays_go_in_and_come_out_by_name(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU, threads=1)
    assert session.inputs == {"x": (-1, 3)}
    assert session.outputs == {"sum": (-1, 1), "double": (-1, 3)}
    outputs = session.infer({"x": np.array([[1, 2, 3], [4, 5, 6]], np.float32)})
    assert outputs["sum"].tolist() == [[6], [15]]
    assert outputs["double"].tolist() == [[2, 4, 6], [8, 10, 12]]


def test_results_belong_to_the_caller(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU)
    first = session.infer({"x": np.ones((1, 3), np.float32)})["double"]
    second = session.infer({"x": np.zeros((1, 3), np.float32)})["double"]
    assert first.tolist() == [[2, 2, 2]]
    assert second.tolist() == [[0, 0, 0]]
    assert first.flags.owndata
    assert first.flags.writeable


def test_numbers_of_other_kinds_are_converted(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU)
    for dtype in (np.float64, np.int64, np.uint8):
        assert session.infer({"x": np.ones((1, 3), dtype)})["sum"].tolist() == [[3]]
    strided = np.arange(12, dtype=np.float32).reshape(2, 6)[:, ::2]
    assert session.infer({"x": strided})["sum"].tolist() == [[6], [24]]
    with pytest.raises(OpenVINOError, match="input x must be float32, not complex64"):
        session.infer({"x": np.ones((1, 3), np.complex64)})


@pytest.mark.parametrize("shape", [(3,), (1, 4), (1, 1, 3)])
def test_a_wrong_shape_names_the_file_and_the_input(model: Path, shape: tuple[int, ...]) -> None:
    session = OpenVINOSession(model, device=CPU)
    with pytest.raises(OpenVINOError, match=r"tiny\.xml failed: input x must be \(-1, 3\), not"):
        session.infer({"x": np.zeros(shape, np.float32)})


def test_wrong_names_are_listed_with_the_right_ones(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU)
    with pytest.raises(OpenVINOError, match=r"tiny\.xml has no input y; its inputs are x"):
        session.infer({"y": np.zeros((1, 3), np.float32)})
    with pytest.raises(OpenVINOError, match=r"tiny\.xml needs its input x too"):
        session.infer({})
    with pytest.raises(OpenVINOError, match="has no input z"):
        OpenVINOSession(model, device=CPU, shapes={"z": (1, 3)})


def test_inputs_can_be_reshaped(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU, shapes={"x": (2, 3)})
    assert session.inputs == {"x": (2, 3)}
    with pytest.raises(OpenVINOError, match=r"must be \(2, 3\)"):
        session.infer({"x": np.zeros((1, 3), np.float32)})


def test_the_compiled_model_is_kept(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    OpenVINOSession(model, device=CPU, threads=1, cache_dir=cache)
    (blob,) = cache.iterdir()
    written = blob.stat().st_mtime_ns
    monkeypatch.setenv("MODELYARD_CACHE", str(cache))
    again = OpenVINOSession(model, device=CPU, threads=1)
    assert list(cache.iterdir()) == [blob]
    assert blob.stat().st_mtime_ns == written
    assert again.infer({"x": np.ones((1, 3))})["sum"].tolist() == [[3]]


@pytest.mark.parametrize("name", ["junk.xml", "junk.onnx", "empty.xml"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("junk" if "junk" in name else "")
    with pytest.raises(OpenVINOError, match=f"cannot load .*{name}: ") as caught:
        OpenVINOSession(tmp_path / name, device=CPU)
    assert "\n" not in str(caught.value)


def test_weights_cut_short_are_an_error(model: Path) -> None:
    model.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(OpenVINOError, match=r"cannot load .*tiny\.xml"):
        OpenVINOSession(model, device=CPU)


def test_a_missing_file_and_a_wrong_device_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(OpenVINOError, match=r"no model file .*gone\.xml"):
        OpenVINOSession(tmp_path / "gone.xml", device=CPU)
    with pytest.raises(OpenVINOError, match="runs on cpu here, not on cuda:1"):
        OpenVINOSession(model, device=Device("cuda", 1))


def test_threads_and_hint_reach_the_runtime(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU, threads=1, performance="throughput")
    assert session._compiled.get_property("INFERENCE_NUM_THREADS") == 1
    assert "THROUGHPUT" in str(session._compiled.get_property("PERFORMANCE_HINT"))


def test_the_rest_of_the_library_does_not_load_openvino() -> None:
    code = (
        "import sys, inference.boxes, inference.device, inference.threads\n"
        "sys.exit('openvino' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
