import hashlib
import io
import os
import resource
import struct
import subprocess
import sys
import zlib
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageFile
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import TiffImageFile
from skimage.data import astronaut

from modelyard.annotation.testing.strategies import steady
from modelyard.imaging.decode import FORMATS, ImageLimits, decode, limits_from_env
from modelyard.imaging.errors import ImageError
from modelyard.imaging.image import Image

PHOTOGRAPH = PIL.Image.fromarray(astronaut()[:200, 150:400])  # type: ignore[no-untyped-call]


def saved(image: PIL.Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Return a PNG file that claims a size but has no pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


def refusal(data: bytes, limits: ImageLimits = ImageLimits()) -> ImageError:  # noqa: B008
    with pytest.raises(ImageError) as caught:
        decode(data, limits)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200
    return caught.value


FILES = {name: saved(PHOTOGRAPH, name) for name in FORMATS}
SMALL = PHOTOGRAPH.resize((24, 16))
SMALL_FILES = [saved(SMALL, name) for name in FORMATS] + [
    saved(SMALL.convert("L"), "TIFF", compression="tiff_lzw"),
    saved(SMALL.convert("CMYK"), "JPEG"),
    saved(SMALL.quantize(16), "PNG", transparency=3),
]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_decoded_to_rgb(name: str) -> None:
    image = decode(FILES[name])

    assert image.size == PHOTOGRAPH.size
    assert image.pixels.flags.c_contiguous
    assert not image.pixels.flags.writeable
    assert image.digest == hashlib.sha256(FILES[name]).hexdigest()
    assert np.abs(image.pixels - np.asarray(PHOTOGRAPH, np.int16)).mean() < 6


def test_an_animation_shows_its_first_frame() -> None:
    frames = [PIL.Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    for name, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("PNG", {})):
        file = saved(frames[0], name, save_all=True, append_images=frames[1:], **options)
        assert decode(file).pixels[5, 10].tolist() == [255, 0, 0], name


def test_a_phones_two_pictures_in_one_jpeg_are_its_first() -> None:
    file = saved(PHOTOGRAPH, "MPO", save_all=True, append_images=[SMALL])

    assert decode(file).size == PHOTOGRAPH.size


def test_orientation_is_left_to_cvat() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6

    assert decode(saved(PHOTOGRAPH, "JPEG", exif=exif)).size == PHOTOGRAPH.size


@pytest.mark.parametrize(
    "data",
    [b"hello, world", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 100, png_header(0, 9)]
    + [saved(PHOTOGRAPH, name) for name in ("EPS", "PDF", "TGA", "PCX", "ICO", "SGI", "DDS")],
    ids=lambda data: data[:8].hex(),
)
def test_what_is_no_image_of_these_formats(data: bytes) -> None:
    error = refusal(data)

    assert error.status == 400
    assert "JPEG, PNG" in error.message


def test_an_empty_file() -> None:
    assert refusal(b"").status == 400
    assert "empty" in refusal(b"").message


# Of these formats Pillow, and with it CVAT, decodes a file whole or not at all.
WHOLE = ("WEBP", "JPEG2000", "AVIF")
IN_PARTS = [name for name in FORMATS if name not in WHOLE]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_cut_short_of_which_no_pixel_can_be_decoded(name: str, share: float) -> None:
    file = FILES[name]

    assert refusal(file[: int(len(file) * share)]).status == 400


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("name", IN_PARTS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_of_a_file_cut_short_what_is_there_is_decoded(name: str, share: float, mode: str) -> None:
    file = saved(PHOTOGRAPH.convert(mode), name)
    whole = decode(file).pixels

    pixels = decode(file[: int(len(file) * share)]).pixels

    assert pixels.shape == whole.shape
    # Rows differ in their compressed size, hence the tolerance.
    assert (pixels == whole).all(axis=2).mean() > share - 0.15
    assert not np.array_equal(pixels, whole)


@pytest.mark.parametrize("name", IN_PARTS)
def test_a_header_alone_is_no_picture(name: str) -> None:
    file = FILES[name]
    if name == "TIFF":
        # Its directory comes last in files of some programs, and first in Pillow's.
        header = file[: TiffImageFile(io.BytesIO(file)).tag_v2[273][0]]
    elif name == "JPEG":
        header = file[: file.index(b"\xff\xda") + 14]
    elif name == "PNG":
        header = file[: file.index(b"IDAT") + 4]
    elif name == "GIF":
        header = file[: file.index(b",", 13 + 3 * 256) + 11]
    elif name == "PPM":
        header = file[: file.index(b"255\n") + 4]
    elif name == "BMP":
        header = file[:54]

    error = refusal(header)

    assert error.status == 400
    assert "damaged" in error.message


def test_the_last_bytes_of_a_file_do_not_matter() -> None:
    # All pixels are there; only the checksum and the end marker are not.
    file = FILES["PNG"][:-14]
    assert np.array_equal(decode(file).pixels, decode(FILES["PNG"]).pixels)
    red = saved(PIL.Image.new("RGB", (40, 30), "red"), "PNG")[:-14]
    assert (decode(red).pixels == (255, 0, 0)).all()


def test_the_log_says_once_that_pictures_are_cut_short() -> None:
    # In a subprocess, since it is once in a process.
    program = (
        "import sys\n"
        "from modelyard.imaging import decode\n"
        "file = sys.stdin.buffer.read()\n"
        "for share in (1, 0.5, 0.6, 0.5): decode(file[:int(len(file) * share)])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", program],
        input=FILES["JPEG"],
        env=environment,
        capture_output=True,
        check=True,
    )

    (line,) = result.stderr.decode().splitlines()
    assert line.startswith("the image file is damaged: image file is truncated")
    assert "what could be decoded is used" in line


def test_a_damaged_file_leaves_later_ones_unharmed() -> None:
    decode(FILES["JPEG"][:3000])

    assert not PIL.ImageFile.LOAD_TRUNCATED_IMAGES
    assert decode(FILES["JPEG"]).size == PHOTOGRAPH.size


@pytest.mark.parametrize("value", ["", "250000000"])
def test_the_environment_sets_how_many_pixels_are_accepted(value: str) -> None:
    limits = limits_from_env({"MODELYARD_MAX_PIXELS": value})

    assert limits == (ImageLimits(max_pixels=250_000_000) if value else ImageLimits())


@pytest.mark.parametrize("value", ["0", "-1", "1e6", "100M", " 5", "²"])
def test_a_number_of_pixels_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="MODELYARD_MAX_PIXELS must be a whole number above 0"):
        limits_from_env({"MODELYARD_MAX_PIXELS": value})


def test_a_raised_limit_holds_beyond_that_of_pillow() -> None:
    # Pillow refuses more than 178,956,970 pixels by itself. One bit each makes this one small.
    file = saved(PIL.Image.new("1", (20_000, 9_000), 1), "PNG")

    assert decode(file, ImageLimits(max_pixels=180_000_000)).size == (20_000, 9_000)
    assert refusal(file).status == 413
    assert "MODELYARD_MAX_PIXELS" in refusal(file).message


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 12_000), (40_000, 1), (1, 40_000)])
def test_a_size_beyond_the_limits_is_refused_without_memory_for_it(size: tuple[int, int]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refusal(png_header(*size))

    assert error.status == 413
    assert "100000000 in all and 32768 a side" in error.message
    # Kilobytes. The smallest of these with many pixels would take over 400 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_each_limit_holds_at_its_value() -> None:
    file, (width, height) = FILES["PNG"], PHOTOGRAPH.size
    fitting = ImageLimits(max_bytes=len(file), max_pixels=width * height, max_side=width)

    assert decode(file, fitting).size == (width, height)
    assert refusal(file, ImageLimits(max_bytes=len(file) - 1)).status == 413
    assert refusal(file, ImageLimits(max_pixels=width * height - 1)).status == 413
    assert refusal(file, ImageLimits(max_side=width - 1)).status == 413


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow says what is damaged.
@pytest.mark.parametrize("position", range(len(SMALL_FILES)))
@steady
@given(data=st.data())
def test_a_damaged_file_is_an_image_or_a_400(position: int, data: st.DataObject) -> None:
    file = bytearray(SMALL_FILES[position])
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(file), ImageLimits(max_pixels=100_000))
    except ImageError as error:
        assert error.status in (400, 413)  # noqa: PT017 (an image is as good)


def test_images_that_our_limit_allows_warn_of_no_bomb() -> None:
    # In a subprocess, since pytest resets the filters that a module has set.
    program = (
        "import sys, PIL.Image; PIL.Image.MAX_IMAGE_PIXELS = 40_000\n"
        "from modelyard.imaging import decode\n"
        "print(decode(sys.stdin.buffer.read()).size)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", program],
        input=FILES["PNG"],
        env=environment,
        capture_output=True,
        check=True,
    )

    assert result.stdout.split() == b"(250, 200)".split()
    assert result.stderr == b""


def test_an_error_keeps_its_status_and_one_line() -> None:
    error = ImageError(413, "too\nlarge")

    assert (error.status, error.message, str(error)) == (413, "too large", "too large")


def test_the_same_file_has_the_same_digest() -> None:
    first, again, other = (decode(FILES[name]) for name in ("PNG", "PNG", "BMP"))

    assert isinstance(first, Image)
    assert first.digest == again.digest != other.digest
