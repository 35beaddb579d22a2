"""Sessions on a tiny model that the test builds."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as op

from modelyard.inference.device import Device
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.openvino_network import OpenVINOError
from modelyard.inference.precision import supported_precision

CPU = Device()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write a model that computes `sum` [?, 1] and `double` [?, 3] of `x` float32 [?, 3]."""
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


def test_names_are_those_of_the_file_whatever_compiling_drops(tmp_path: Path) -> None:
    x = op.parameter([1, 3], np.float32)
    before = op.sqrt(x)
    same = op.add(before, op.constant(np.float32(0)))
    for port, name in ((x, "x"), (before, "a/before"), (same, "result")):
        port.output(0).set_names({name})
    path = tmp_path / "names.xml"
    openvino.save_model(openvino.Model([same], [x]), path)
    session = OpenVINOSession(path, device=CPU)
    assert session.outputs == {"result": (1, 3)}
    assert list(session.infer({"x": np.ones((1, 3))})) == ["result"]


def test_a_session_computes_in_bfloat16_only_where_asked(tmp_path: Path) -> None:
    """`supported_precision` never selects it on a CPU without it."""
    x = op.parameter([1, 64], np.float32)
    rows = np.random.default_rng(0).standard_normal((64, 64), np.float32)
    y = op.matmul(x, op.constant(rows), False, False)
    for port, name in ((x, "x"), (y, "y")):
        port.output(0).set_names({name})
    path = tmp_path / "product.xml"
    openvino.save_model(openvino.Model([y], [x]), path, compress_to_fp16=False)
    values = np.random.default_rng(1).standard_normal((1, 64), np.float32)
    asked = supported_precision("bfloat16")
    exact, rounded = (
        OpenVINOSession(path, device=CPU, precision=precision).infer({"x": values})["y"]
        for precision in ("float32", asked)
    )
    np.testing.assert_allclose(exact, values @ rows, rtol=1e-4, atol=1e-4)
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(rounded, exact, atol=0.2)
    assert np.array_equal(exact, rounded) == (asked == "float32")


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
    with pytest.raises(OpenVINOError, match=r"tiny\.xml also needs its input x"):
        session.infer({})
    with pytest.raises(OpenVINOError, match="has no input z"):
        OpenVINOSession(model, device=CPU, shapes={"z": (1, 3)})


def test_inputs_can_be_reshaped(model: Path) -> None:
    session = OpenVINOSession(model, device=CPU, shapes={"x": (2, 3)})
    assert session.inputs == {"x": (2, 3)}
    with pytest.raises(OpenVINOError, match=r"must be \(2, 3\)"):
        session.infer({"x": np.zeros((1, 3), np.float32)})


def test_the_network_can_be_edited_before_it_is_reshaped(model: Path) -> None:
    def triple(network: openvino.Model) -> None:
        (multiply,) = (node for node in network.get_ops() if node.get_type_name() == "Multiply")
        multiply.input(1).replace_source_output(op.constant(np.float32(3)).output(0))
        assert not network.input(0).partial_shape.is_static

    session = OpenVINOSession(model, device=CPU, shapes={"x": (1, 3)}, edit=triple)
    outputs = session.infer({"x": np.ones((1, 3), np.float32)})
    assert outputs["double"].tolist() == [[3, 3, 3]]


def test_the_compiled_model_is_kept(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache" / "deeper"
    first = OpenVINOSession(model, device=CPU, threads=1, cache_dir=cache)
    assert not first._compiled.get_property("LOADED_FROM_CACHE")
    (blob,) = cache.glob("*.blob")
    written = blob.stat().st_mtime_ns
    monkeypatch.setenv("MODELYARD_MODEL_CACHE", str(cache))
    again = OpenVINOSession(model, device=CPU, threads=1)
    assert again._compiled.get_property("LOADED_FROM_CACHE")
    assert list(cache.glob("*.blob")) == [blob]
    assert blob.stat().st_mtime_ns == written
    assert again.infer({"x": np.ones((1, 3))})["sum"].tolist() == [[3]]


def test_a_half_written_cache_is_written_again(model: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    OpenVINOSession(model, device=CPU, threads=1, cache_dir=cache)
    (blob,) = cache.glob("*.blob")
    whole = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(whole[: len(whole) // 2])
    session = OpenVINOSession(model, device=CPU, threads=1, cache_dir=cache)
    assert session.infer({"x": np.ones((1, 3))})["sum"].tolist() == [[3]]
    assert blob.stat().st_size == len(whole)


def test_without_a_usable_cache_folder_it_starts_anyway(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    session = OpenVINOSession(model, device=CPU, threads=1, cache_dir=tmp_path / "file" / "cache")
    assert session.infer({"x": np.ones((1, 3))})["sum"].tolist() == [[3]]


def test_processes_that_start_together_share_the_cache(model: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from modelyard.inference.device import Device\n"
        "from modelyard.inference.openvino import OpenVINOSession\n"
        "model, cache = map(Path, sys.argv[1:])\n"
        "session = OpenVINOSession(model, device=Device(), threads=1, cache_dir=cache)\n"
        "print(session._compiled.get_property('LOADED_FROM_CACHE'))\n"
    )
    command = [sys.executable, "-c", code, str(model), str(tmp_path / "cache")]
    together = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=search_path())
        for _ in range(3)
    ]
    answers = [process.communicate()[0].strip() for process in together]
    assert sorted(answers) == ["False", "True", "True"]


def search_path() -> dict[str, str]:
    """An environment in which a subprocess finds our modules."""
    found = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
    return {**os.environ, "PYTHONPATH": found}


@pytest.fixture
def branches(tmp_path: Path) -> Path:
    """Write a model that computes `a` = 2 x and `b` = x + y, of float32 [1]."""
    x, y = op.parameter([1], np.float32), op.parameter([1], np.float32)
    a, b = op.multiply(x, op.constant(np.array([2], np.float32))), op.add(x, y)
    for port, name in ((x, "x"), (y, "y"), (a, "a"), (b, "b")):
        port.output(0).set_names({name})
    path = tmp_path / "branches.xml"
    openvino.save_model(openvino.Model([a, b], [x, y], "branches"), path)
    return path


def test_only_the_outputs_asked_for_are_computed(branches: Path) -> None:
    session = OpenVINOSession(branches, device=CPU, threads=1, outputs=["a"])
    assert session.outputs == {"a": (1,)}
    assert session.inputs == {"x": (1,)}
    assert session.infer({"x": np.array([4], np.float32)})["a"].tolist() == [8]
    with pytest.raises(OpenVINOError, match="has no output c; its outputs are a, b"):
        OpenVINOSession(branches, device=CPU, threads=1, outputs=["a", "c"])


@pytest.mark.parametrize("performance", ["latency", "throughput"])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_many_runs_come_back_in_order(branches: Path, performance: Any, count: int) -> None:
    session = OpenVINOSession(branches, device=CPU, threads=2, performance=performance)
    runs = [
        {"x": np.array([index], np.float32), "y": np.array([100], np.float32)}
        for index in range(count)
    ]
    results = session.infer_many(runs)
    assert [result["a"].tolist() for result in results] == [[2 * index] for index in range(count)]
    assert [result["b"].tolist() for result in results] == [[100 + index] for index in range(count)]


def test_a_wrong_run_among_many_is_an_error(branches: Path) -> None:
    session = OpenVINOSession(branches, device=CPU, threads=1, performance="throughput")
    good = {"x": np.array([1], np.float32), "y": np.array([2], np.float32)}
    with pytest.raises(OpenVINOError, match=r"branches\.xml also needs its input y"):
        session.infer_many([good, {"x": np.array([1], np.float32)}])
    assert session.infer_many([good])[0]["b"].tolist() == [3]


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


def test_openvino_comes_without_its_converters_which_stay_within_reach() -> None:
    code = (
        "import sys, modelyard.inference.openvino\n"
        "assert not [name for name in sys.modules if name.startswith('openvino.tools.ovc')]\n"
        "from openvino.tools.ovc import convert_model\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=search_path())


def test_the_rest_of_the_library_does_not_load_openvino() -> None:
    code = (
        "import sys, modelyard.inference.boxes, modelyard.inference.device\n"
        "import modelyard.inference.threads\n"
        "sys.exit('openvino' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
