"""The photographs in the package scikit-image."""

from importlib.resources import files

from modelyard.imaging import Image, decode


def photograph_file(name: str) -> bytes:
    """Return a file of `skimage.data`, such as "astronaut.png"."""
    return files("skimage.data").joinpath(name).read_bytes()


def photograph(name: str) -> Image:
    """Return such a file decoded."""
    return decode(photograph_file(name))
