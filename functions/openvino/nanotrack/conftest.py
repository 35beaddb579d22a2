"""The tracker with its real weights."""

import pytest

from modelyard import Assets, Device
from nanotrack.handler import NanoTrack
from samples import assets_named_by


@pytest.fixture(scope="session")
def assets() -> Assets:
    return assets_named_by("MODELYARD_TEST_ASSETS")


@pytest.fixture(scope="session")
def model(assets: Assets) -> NanoTrack:
    return _loaded(assets)


@pytest.fixture(scope="session")
def second() -> NanoTrack:
    """Version 2, which OpenCV's own tracker also runs."""
    return _loaded(assets_named_by("MODELYARD_TEST_ASSETS_V2"))


def _loaded(assets: Assets) -> NanoTrack:
    model = NanoTrack()
    model.load(assets, Device())
    return model
