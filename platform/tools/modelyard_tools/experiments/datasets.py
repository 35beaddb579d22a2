"""Annotated datasets, in any format that datumaro reads."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import datumaro as dm
import msgspec
from pycocotools.mask import frPyObjects, merge

from modelyard.annotation import Shape
from modelyard_tools.experiments.conversion import from_datumaro
from modelyard_tools.experiments.errors import UsageError
from modelyard_tools.experiments.pictures import Picture

# Where each format expects pictures and annotations below the folder of a dataset.
_LAYOUTS: Final = {
    ".json": ("annotations/instances_default.json", "images/default", "coco"),
    ".xml": ("annotations.xml", "images", "cvat"),
}


class Annotated(msgspec.Struct, frozen=True):
    """A picture and the shapes on it.

    Attributes:
        name: Name of the picture, with slashes and suffix.
        size: Width and height in pixels.
        shapes: The annotated or found shapes.
        path: The picture's file; None if it is not on this machine.
    """

    name: str
    size: tuple[int, int]
    shapes: Sequence[Shape]
    path: Path | None = None

    def picture(self) -> Picture:
        """Read the picture.

        Raises:
            UsageError: it does not exist.
        """
        try:
            if self.path is not None:
                return Picture(self.name, self.path.read_bytes())
        except OSError:
            pass
        raise UsageError(
            f"the picture {self.name} of the dataset was not found; pass its folder as --images"
        )


class Truth(msgspec.Struct, frozen=True):
    """An annotated dataset: its labels in order and its pictures, by frame where they have one."""

    labels: tuple[str, ...]
    pictures: Sequence[Annotated]


class Listed:
    """The pictures of a dataset."""

    def __init__(self, truth: Truth) -> None:
        """Use the pictures that the dataset lists."""
        self._listed = truth.pictures

    def __len__(self) -> int:
        """How many there are."""
        return len(self._listed)

    def __iter__(self) -> Iterator[Picture]:
        """Read them."""
        for annotated in self._listed:
            yield annotated.picture()


def read_dataset(images: Path | None, annotations: Path | None) -> Truth:
    """Read a dataset.

    Args:
        images: The folder of a whole dataset, in any format datumaro recognizes; or, beside
            `annotations`, of the pictures alone.
        annotations: A COCO file (.json) or a CVAT file (.xml).

    Raises:
        UsageError: it cannot be read.
    """
    if annotations is None:
        if images is None:
            raise UsageError("pass --annotations, or a whole dataset as --images")
        return _read(images, None)
    if annotations.suffix.lower() not in _LAYOUTS:
        raise UsageError(f"{annotations} is neither COCO's .json nor CVAT's .xml")
    if not annotations.is_file():
        raise UsageError(f"{annotations} does not exist")
    with _laid_out(annotations, images or annotations.parent) as (folder, format):
        return _read(folder, format)


@contextmanager
def _laid_out(annotations: Path, images: Path) -> Iterator[tuple[Path, str]]:
    """Link the two into a folder in the layout that datumaro expects."""
    file, pictures, format = _LAYOUTS[annotations.suffix.lower()]
    with tempfile.TemporaryDirectory(prefix="dataset-") as scratch:
        folder = Path(scratch)
        for place, target in ((file, annotations), (pictures, images)):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).symlink_to(target.resolve())
        yield folder, format


def _read(folder: Path, format: str | None) -> Truth:
    try:
        dataset = dm.Dataset.import_from(str(folder), format)
        items = sorted(dataset, key=lambda item: (item.attributes.get("frame", 0), item.id))
        labels = dataset.categories().get(dm.AnnotationType.label, dm.LabelCategories())
        names = tuple(label.name for label in labels)
        coco = dataset.format.startswith("coco")
        pictures = [_annotated(item, names, coco=coco) for item in items]
    except Exception as error:
        # Readers of a dozen formats, each of which fails on malformed files in its own way.
        cause = error.__cause__ or error
        reason = " ".join(str(cause).split()) or type(cause).__name__
        raise UsageError(f"cannot read the dataset: {reason}") from error
    return Truth(names, pictures)


def _annotated(item: dm.DatasetItem, names: Sequence[str], *, coco: bool) -> Annotated:
    height, width = item.media.size or (0, 0)
    annotations = _objects(item.annotations, height, width) if coco else item.annotations
    shapes = [from_datumaro(annotation, names) for annotation in annotations]
    path = Path(item.media.path).resolve() if getattr(item.media, "path", "") else None
    return Annotated(
        item.id + (path.suffix if path else ""),
        (width, height),
        [shape for shape in shapes if shape is not None],
        path,
    )


def _objects(annotations: Sequence[dm.Annotation], height: int, width: int) -> list[dm.Annotation]:
    """Return one annotation for each object of a COCO file.

    Datumaro returns an object's polygons one by one, and its box beside them, with the same group
    number.
    """
    numbered: dict[int, list[dm.Annotation]] = {}
    for annotation in annotations:
        numbered.setdefault(annotation.id, []).append(annotation)
    return [_object(parts, height, width) for parts in numbered.values()]


def _object(parts: Sequence[dm.Annotation], height: int, width: int) -> dm.Annotation:
    outlined = [part for part in parts if isinstance(part, dm.Polygon | dm.Mask)]
    if len(outlined) < 2:
        return (outlined or parts)[0]
    first, outlines = outlined[0], [list(part.points) for part in outlined]
    union = merge(frPyObjects(outlines, height, width))
    return dm.RleMask(union, label=first.label, attributes=first.attributes)
