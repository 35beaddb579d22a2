from __future__ import annotations

import dataclasses

import pytest

from modelyard_pants.nuclio.testing.spec import SPEC


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        # CVAT's own folders have function.yaml and function-gpu.yaml.
        ("cpu", "function.yaml"),
        ("gpu", "function-gpu.yaml"),
        ("int8-small", "function-int8-small.yaml"),
    ],
)
def test_files_have_the_names_that_cvats_users_know(variant: str, name: str) -> None:
    assert dataclasses.replace(SPEC, variant=variant).file_name("function") == name


def test_a_file_may_have_another_ending() -> None:
    spec = dataclasses.replace(SPEC, variant="gpu")
    assert spec.file_name("requirements", "txt") == "requirements-gpu.txt"


@pytest.mark.parametrize(
    ("gpus", "gpu_memory", "ours"),
    [
        (0, None, {}),
        (1, None, {"MODELYARD_DEVICE": "cuda"}),
        (2, None, {"MODELYARD_DEVICE": "cuda"}),
        # 4Gi: 4 * 1024 * 1024 * 1024 bytes.
        (1, 4 << 30, {"MODELYARD_DEVICE": "cuda", "MODELYARD_GPU_MEMORY": "4294967296"}),
    ],
)
def test_what_follows_from_fields_is_added_to_the_authors_variables(
    gpus: int, gpu_memory: int | None, ours: dict[str, str]
) -> None:
    spec = dataclasses.replace(SPEC, env={"A": "b"}, gpus=gpus, gpu_memory=gpu_memory)
    assert spec.environment == {"A": "b", **ours}


def test_variables_are_in_alphabetical_order_however_they_are_written() -> None:
    """An author who sorts them changes no file, and so deploys nothing again."""
    one = dataclasses.replace(SPEC, env={"Z": "1", "A": "2"}, gpus=1)
    other = dataclasses.replace(SPEC, env={"A": "2", "Z": "1"}, gpus=1)
    assert list(one.environment) == list(other.environment) == ["A", "MODELYARD_DEVICE", "Z"]


def test_the_authors_own_mapping_stays_as_it_is() -> None:
    env = {"B": "1", "A": "2"}
    spec = dataclasses.replace(SPEC, env=env, gpus=1)
    spec.environment["A"] = "changed"
    assert env == {"B": "1", "A": "2"}
