"""Expected values are what `[modelyard].resolves` is documented to default to."""

from modelyard_contract.frameworks import FRAMEWORKS, resolves_by_variant


def test_each_framework_runs_on_cpus() -> None:
    assert all("cpu" in framework.resolves for framework in FRAMEWORKS.values())


def test_an_engine_is_a_framework_that_runs_itself() -> None:
    engines = {framework.engine for framework in FRAMEWORKS.values()}
    assert all(FRAMEWORKS[engine].engine == engine for engine in engines)


def test_onnx_files_share_the_resolve_of_openvino() -> None:
    assert resolves_by_variant() == {
        "openvino-cpu": "openvino",
        "onnx-cpu": "openvino",
        "pytorch-cpu": "torch-cpu",
        "pytorch-gpu": "torch-gpu",
    }
