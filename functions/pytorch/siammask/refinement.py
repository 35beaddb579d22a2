"""SiamMask's refinement of a mask."""

from collections.abc import Sequence
from typing import Final, cast

from torch import Tensor, nn
from torch.nn import functional

from siammask.sizes import CHANNELS, FINE_MASK
from siammask.windows import windows

# Of each stage: pixels per map position, side of the window, zero padding of the features.
_WINDOWS: Final = ((4, 61, 16), (2, 31, 8), (1, 15, 4))


class Refinement(nn.Module):
    """Refines a mask of 127x127 from one correlation and the backbone's features around it."""

    def __init__(self) -> None:
        super().__init__()
        self.v0 = _pair(64, 16, 4)
        self.v1 = _pair(256, 64, 16)
        self.v2 = _pair(512, 128, 32)
        self.h2 = _pair(32, 32, 32)
        self.h1 = _pair(16, 16, 16)
        self.h0 = _pair(4, 4, 4)
        self.deconv = nn.ConvTranspose2d(CHANNELS, 32, 15, 15)
        self.post0 = nn.Conv2d(32, 16, 3, padding=1)
        self.post1 = nn.Conv2d(16, 4, 3, padding=1)
        self.post2 = nn.Conv2d(4, 1, 3, padding=1)

    def forward(
        self, vectors: Tensor, stages: Sequence[Tensor], rows: Tensor, columns: Tensor
    ) -> Tensor:
        first, second, third = (
            windows(stage, rows, columns, step=step, side=side, rim=rim)
            for stage, (step, side, rim) in zip(stages, _WINDOWS, strict=True)
        )
        mask = self.deconv(vectors)
        mask = self.post0(functional.interpolate(self.h2(mask) + self.v2(third), size=(31, 31)))
        mask = self.post1(functional.interpolate(self.h1(mask) + self.v1(second), size=(61, 61)))
        fine = (FINE_MASK, FINE_MASK)
        mask = self.post2(functional.interpolate(self.h0(mask) + self.v0(first), size=fine))
        return cast(Tensor, mask[:, 0])


def _pair(inputs: int, inner: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inner, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(inner, outputs, 3, padding=1),
        nn.ReLU(),
    )
