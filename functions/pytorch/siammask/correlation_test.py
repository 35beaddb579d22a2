import numpy as np
import pytest
import torch

from siammask.correlation import correlate


def test_correlation_is_that_of_each_channel_with_its_own_kernel() -> None:
    torch.manual_seed(1)
    images, kernels = torch.randn(2, 3, 6, 7), torch.randn(2, 3, 4, 2)
    result = correlate(images, kernels)

    assert result.shape == (2, 3, 3, 6)
    for n, c, y, x in np.ndindex(*result.shape):
        expected = (images[n, c, y : y + 4, x : x + 2] * kernels[n, c]).sum()
        assert result[n, c, y, x] == pytest.approx(expected.item(), abs=1e-5)
