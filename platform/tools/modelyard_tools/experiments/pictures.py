"""Pictures for experiments: files, folders and videos."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import cv2
import msgspec
import PIL.Image

from modelyard.imaging import ImageError, upright
from modelyard_tools.experiments.errors import UsageError
from modelyard_tools.experiments.progress import Counted

_IMAGES: Final = frozenset(
    (".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
_VIDEOS: Final = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".webm")


class Picture(msgspec.Struct, frozen=True):
    """An image file as CVAT would send it, upright.

    `name` is the path of the file below the given folder, with slashes; for a frame of a video it
    is the video's name and the frame number, such as `walk/frame_000012.png`.
    """

    name: str
    file: bytes


Pictures = Counted[Picture]


class Files:
    """Image files below one folder, by name."""

    def __init__(self, folder: Path, paths: Iterable[Path]) -> None:
        """Use these paths, which are in `folder`."""
        self._folder = folder
        self._paths = sorted(paths)

    def __len__(self) -> int:
        """How many files there are."""
        return len(self._paths)

    def __iter__(self) -> Iterator[Picture]:
        """Read the files."""
        for path in self._paths:
            yield Picture(path.relative_to(self._folder).as_posix(), _read(path))


class Video:
    """Every `step`th frame of a video, as PNG files, as CVAT sends frames."""

    def __init__(self, path: Path, step: int = 1) -> None:
        """Open the video once to check that it can be read.

        Raises:
            UsageError: it cannot be read.
        """
        self._path = path
        self._step = step
        capture = cv2.VideoCapture(str(path))
        self._frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        opened = capture.isOpened()
        capture.release()
        if not opened or self._frames < 1:
            raise UsageError(f"cannot read {path} as a video")

    def __len__(self) -> int:
        """The number of frames used, according to the file's own header."""
        return 1 + (self._frames - 1) // self._step

    def __iter__(self) -> Iterator[Picture]:
        """Decode the frames up to the first that cannot be decoded."""
        capture = cv2.VideoCapture(str(self._path))
        try:
            number = 0
            while capture.grab():
                if number % self._step == 0:
                    _, pixels = capture.retrieve()
                    file = io.BytesIO()
                    PIL.Image.fromarray(pixels[..., ::-1]).save(file, "PNG", compress_level=1)
                    name = f"{self._path.stem}/frame_{number:06d}.png"
                    yield Picture(name, file.getvalue())
                number += 1
        finally:
            capture.release()


def pictures_of(source: Path, step: int = 1) -> Pictures:
    """Return the pictures of an image file, a folder or a video (every `step`th frame).

    Raises:
        UsageError: it is not one of these, or it is a folder without images.
    """
    if source.is_dir():
        found = [path for path in source.rglob("*") if path.suffix.lower() in _IMAGES]
        if not found:
            raise UsageError(f"{source} contains no images")
        return Files(source, found)
    if not source.is_file():
        raise UsageError(f"{source} does not exist")
    if source.suffix.lower() in _VIDEOS:
        return Video(source, step)
    return Files(source.parent, [source])


def _read(path: Path) -> bytes:
    try:
        return upright(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ImageError as error:
        raise UsageError(f"cannot read {path}: {error}") from error
