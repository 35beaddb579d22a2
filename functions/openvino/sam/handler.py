"""The interactor: Segment Anything, with image embeddings cached for the next click."""

from typing import Annotated

import cv2
import msgspec

from modelyard import Assets, Clicks, Device, Image, Interactor, RequestError, Segment, polygons
from modelyard.imaging import Fit, Outline
from modelyard.inference.networks.sam import Bitmap, Floats, SamDecoder, SamEncoder, bitmap
from modelyard.inference.networks.sam_prompts import Prompt, frame, prompt
from modelyard.serving.author.cache import ByteCache
from modelyard_contract.limits import MIB


class SamSettings(msgspec.Struct, frozen=True):
    """The `params` of the BUILD target: the size of the embedding cache, in MiB."""

    embedding_cache_mib: Annotated[int, msgspec.Meta(ge=0)] = 64


class Sam(Interactor):
    """Segment Anything: positive and negative clicks, a box, or all of these.

    CVAT sends the picture with every click. Its embedding, nine tenths of the work, is cached under
    the digest of the picture's file: 4 MiB per picture, as many as fit into the setting
    `embedding_cache_mib` of the BUILD target.
    """

    def load(self, assets: Assets, device: Device) -> None:
        """Load encoder and decoder."""
        self._encoder = SamEncoder(assets.weights("sam_encoder.onnx"), device)
        self._decoder = SamDecoder(assets.weights("sam_decoder.onnx"), device)
        kept = assets.params.read(SamSettings).embedding_cache_mib * MIB
        self._embeddings: ByteCache[str, Floats] = ByteCache(kept)

    def warm_up(self) -> None:
        """Run the decoder. The encoder gains nothing from warming up."""
        self._decoder.warm_up()

    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the object's mask, and the outline of its clicked part.

        Raises:
            RequestError: 400, there is neither a positive click nor a box.
        """
        fit = frame(image.size)
        wanted = _prompt(fit, clicks)
        embedding = self._embeddings.get_or_make(
            image.digest, lambda: self._encoder.embed(image, fit)
        )
        (answer,) = self._decoder.decode(embedding, [wanted])
        mask = bitmap(answer, fit, clicks.threshold)
        outline = clicked_outline(mask, clicks)
        return Segment(mask, None if outline is None else tuple(outline.ravel()))


def clicked_outline(mask: Bitmap, clicks: Clicks) -> Outline | None:
    """Return the outline of the largest part with a positive click, else of the largest part.

    None if the mask is empty. CVAT's polygons have one part.
    """
    outlines = polygons(mask)
    for outline in outlines:
        contour = outline.astype("float32")
        if any(cv2.pointPolygonTest(contour, point, False) >= 0 for point in clicks.positive):
            return outline
    return outlines[0] if outlines else None


def _prompt(fit: Fit, clicks: Clicks) -> Prompt:
    try:
        return prompt(fit, clicks.positive, clicks.negative, clicks.box)
    except ValueError:
        raise RequestError(400, "click on the object, or draw a box around it") from None
