"""The network: its parts against plain loops, and the published names of its weights."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from modelyard.inference.checkpoints import CheckpointError
from siammask import weights
from siammask.network import SiamMask
from siammask.testing import published, random_state

# The authors' program reports for their published file: "used keys:356", and none unused.
PUBLISHED_KEYS = 356


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return random_state()


@pytest.fixture(scope="module")
def network(state: dict[str, Tensor]) -> SiamMask:
    network = SiamMask()
    network.load_state_dict(state)
    return network.eval()


def test_masks_are_made_from_the_correlation_at_their_place(network: SiamMask) -> None:
    torch.manual_seed(4)
    templates, images = torch.randn(3, 256, 7, 7), torch.rand(3, 3, 255, 255) * 255
    rows, columns = torch.tensor([0, 24, 11]), torch.tensor([24, 0, 5])
    with torch.inference_mode():
        found = network.search(templates, images)
        vectors = network.mask_vectors(found, rows, columns)
        whole = network.mask_model.mask.correlate(templates, found.features)
    assert (whole.shape, vectors.shape) == ((3, 256, 25, 25), (3, 256, 1, 1))
    expected = whole[torch.arange(3), :, rows, columns]
    assert expected.std() > 0
    torch.testing.assert_close(vectors[..., 0, 0], expected, rtol=1e-4, atol=1e-4)


def test_shapes_and_the_same_answer_twice(network: SiamMask) -> None:
    torch.manual_seed(2)
    exemplars, images = torch.rand(2, 3, 127, 127) * 255, torch.rand(2, 3, 255, 255) * 255
    rows, columns = torch.tensor([0, 24]), torch.tensor([24, 7])
    with torch.inference_mode():
        templates = network.template(exemplars)
        found = network.search(templates, images)
        masks = network.refine(found, rows, columns)
        coarse = network.coarse_mask(found, rows, columns)
        again = network.refine(network.search(templates, images), rows, columns)

    assert templates.shape == (2, 256, 7, 7)
    assert (found.scores.shape, found.boxes.shape) == ((2, 10, 25, 25), (2, 20, 25, 25))
    assert (masks.shape, coarse.shape) == ((2, 127, 127), (2, 63, 63))
    assert masks.equal(again)


def test_images_of_a_batch_do_not_mix(network: SiamMask) -> None:
    torch.manual_seed(3)
    templates, images = torch.randn(2, 256, 7, 7), torch.rand(2, 3, 255, 255) * 255
    rows, columns = torch.tensor([3, 20]), torch.tensor([12, 1])
    with torch.inference_mode():
        both = network.search(templates, images)
        second = network.search(templates[1:], images[1:])
        for one, other in ((both.scores, second.scores), (both.boxes, second.boxes)):
            torch.testing.assert_close(one[1:], other, rtol=1e-4, atol=1e-4)
        mask = network.refine(both, rows, columns)[1:]
        alone = network.refine(second, rows[1:], columns[1:])
    torch.testing.assert_close(mask, alone, rtol=1e-4, atol=1e-3)


def test_the_names_are_the_published_ones(state: dict[str, Tensor]) -> None:
    assert len(state) == PUBLISHED_KEYS
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert shapes["features.features.layer2.0.downsample.0.weight"] == (512, 256, 3, 3)
    assert shapes["features.features.layer3.5.bn3.num_batches_tracked"] == ()
    assert shapes["features.downsample.downsample.0.weight"] == (256, 1024, 1, 1)
    assert shapes["rpn_model.cls.conv_kernel.0.weight"] == (256, 256, 3, 3)
    assert shapes["rpn_model.loc.head.3.bias"] == (20,)
    assert shapes["mask_model.mask.head.3.weight"] == (3969, 256, 1, 1)
    assert shapes["refine_model.deconv.weight"] == (256, 32, 15, 15)
    assert shapes["refine_model.v2.2.weight"] == (32, 128, 3, 3)


@pytest.mark.parametrize("form", ["nested", "bare", "without counters"])
def test_every_form_of_the_checkpoint_is_read(
    state: dict[str, Tensor], tmp_path: Path, form: str
) -> None:
    content = published(state)
    if form == "bare":
        content = state
    elif form == "without counters":
        named = content["state_dict"]
        content["state_dict"] = {k: v for k, v in named.items() if "num_batches" not in k}
    file = tmp_path / "weights.pth"
    torch.save(content, file)

    loaded = weights.load(file).state_dict()
    for name, tensor in state.items():
        assert loaded[name].equal(tensor), name


@pytest.mark.parametrize(
    ("change", "reason"),
    [("missing", "1 missing: refine_model.post2.bias"), ("left over", "1 left over: extra")],
)
def test_other_checkpoints_are_refused(
    state: dict[str, Tensor], tmp_path: Path, change: str, reason: str
) -> None:
    content = dict(state)
    if change == "missing":
        del content["refine_model.post2.bias"]
    else:
        content["extra"] = torch.zeros(1)
    file = tmp_path / "weights.pth"
    torch.save(content, file)
    with pytest.raises(CheckpointError, match=reason):
        weights.load(file)
