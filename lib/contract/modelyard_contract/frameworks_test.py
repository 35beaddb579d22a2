"""Expected values are the documented defaults of `[modelyard].resolves`."""

from modelyard_contract.frameworks import FRAMEWORKS, resolves_by_variant


def test_each_framework_runs_on_cpus() -> None:
    assert all("cpu" in resolves for resolves in FRAMEWORKS.values())


def test_a_resolve_is_named_by_framework_and_variant() -> None:
    assert resolves_by_variant() == {
        "openvino-cpu": "openvino",
        "pytorch-cpu": "torch-cpu",
        "pytorch-gpu": "torch-gpu",
    }
