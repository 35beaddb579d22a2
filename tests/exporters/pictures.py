"""The pictures on which the exported networks are asked."""

from pathlib import Path

from PIL import Image, ImageDraw

_PHOTOGRAPH = Path(__file__).parent.parent / "data" / "cat.jpg"
# Smaller, larger and as large as the networks, square, wide and tall, and odd sides.
_SIZES = {"square.png": (256, 256), "wide.png": (451, 240), "tall.png": (190, 305)}


def write_pictures(folder: Path) -> list[Path]:
    """Write the pictures and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(_PHOTOGRAPH) as photograph:
        source = photograph.convert("RGB")
    files = []
    for number, (name, size) in enumerate(_SIZES.items()):
        # Another part of the photograph each, and a bright bar in another place.
        part = source.crop((20 * number, 10 * number, source.width, source.height - 15 * number))
        picture = part.resize(size, Image.Resampling.BICUBIC)
        left, top = size[0] * (number + 1) // 5, size[1] * (3 - number) // 5
        bar = (left, top, left + size[0] // 4, top + size[1] // 6)
        ImageDraw.Draw(picture).rectangle(bar, fill=(230, 40 + 90 * number, 60))
        picture.save(folder / name)
        files.append(folder / name)
    return files
