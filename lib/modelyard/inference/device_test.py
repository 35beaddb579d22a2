"""Device names."""

import pytest

from modelyard.inference.device import Device, DeviceError


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("cpu", Device("cpu", 0)),
        (" CPU ", Device("cpu", 0)),
        ("cuda", Device("cuda", 0)),
        ("cuda:0", Device("cuda", 0)),
        ("CUDA:12", Device("cuda", 12)),
    ],
)
def test_known_names(text: str, device: Device) -> None:
    assert Device.parse(text) == device
    assert Device.parse(str(device)) == device


@pytest.mark.parametrize("text", ["", "gpu", "cpu:0", "cuda:", "cuda:-1", "cuda:1.5", "cuda 1"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(DeviceError, match="use cpu, cuda or cuda:<index>"):
        Device.parse(text)


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Device.from_env({"MODELYARD_DEVICE": "cuda:2"}) == Device("cuda", 2)
    assert Device.from_env({"MODELYARD_DEVICE": ""}) == Device.from_env({}) == Device()
    monkeypatch.setenv("MODELYARD_DEVICE", "tpu")
    with pytest.raises(DeviceError, match="MODELYARD_DEVICE: unknown device 'tpu'"):
        Device.from_env()
