import torch

from siammask.windows import windows


def test_windows_are_cut_from_each_image_at_its_own_place() -> None:
    features = torch.arange(2 * 1 * 5 * 5, dtype=torch.float32).reshape(2, 1, 5, 5)
    cut = windows(features, torch.tensor([0, 2]), torch.tensor([1, 0]), step=2, side=3, rim=1)

    assert cut[0, 0].tolist() == [[0, 0, 0], [1, 2, 3], [6, 7, 8]]
    assert cut[1, 0].tolist() == [[0, 40, 41], [0, 45, 46], [0, 0, 0]]
