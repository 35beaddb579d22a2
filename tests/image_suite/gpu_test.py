"""Images with CUDA, where somebody has packaged one; they are `heavy`, so `.ci/images` does not.

    ./pants package functions/pytorch/siammask#gpu-image

Nothing here needs a GPU: that the libraries which were left out are missed by none of the others
shows without one.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from image_suite.conftest import Container, docker, loaded
from images.layout import Layout
from images.prune import is_needed

PYTHON = "/opt/modelyard/deps/bin/python"
# The names of libraries that the linker does not find, for every library of CUDA and of torch.
MISSED = """
import json, pathlib, subprocess, sys
packages = pathlib.Path("/opt/modelyard/deps/lib/python3.11/site-packages")
missed = set()
for folder in ("nvidia", "torch", "torchvision"):
    for library in packages.glob(f"{folder}/**/*.so*"):
        linker = ["/lib64/ld-linux-x86-64.so.2", "--list", str(library)]
        lines = subprocess.run(linker, capture_output=True, text=True).stdout.splitlines()
        missed.update(line.split()[0] for line in lines if "not found" in line)
print(json.dumps(sorted(missed)))
"""
USE = """
import torch, torchvision
from torch.nn import functional
torch.manual_seed(0)
image, kernel = torch.rand(1, 3, 32, 32), torch.rand(4, 3, 3, 3)
assert functional.conv2d(image, kernel).shape == (1, 4, 30, 30)
assert torchvision.ops.nms(torch.tensor([[0, 0, 2, 2.0]] * 2), torch.tensor([0.5, 0.6]), 0.5) == 1
torch.linalg.svd(torch.eye(3)), torch.fft.fft(torch.ones(4))
print(torch.version.cuda is not None)
"""


@pytest.fixture(scope="module")
def image(images: Path) -> Layout:
    """Return the first image with CUDA, loaded."""
    found = sorted(images.glob("*/gpu/image"))
    if not found:
        pytest.skip("no #gpu-image is packaged; it is heavy")
    return loaded(found[0])


def run_in(image: Layout, code: str) -> str:
    confined = ["--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"]
    return docker("run", *confined, "--entrypoint", PYTHON, image.reference, "-c", code)


def test_nothing_that_was_left_out_is_linked_to(image: Layout) -> None:
    missed = json.loads(run_in(image, MISSED))
    # The driver's, for one: it comes with the machine.
    assert "libcuda.so.1" in missed
    assert [name for name in missed if not is_needed(f"nvidia/cu13/lib/{name}")] == []


def test_torch_works_without_what_was_left_out(image: Layout) -> None:
    assert run_in(image, USE) == "True"


def test_without_a_gpu_it_says_so(image: Layout, start: Callable[..., Container]) -> None:
    container = start(image, "--tmpfs=/tmp")
    docker("wait", container.id)
    assert container.state()["ExitCode"] != 0
    assert "cuda" in container.logs.lower()
