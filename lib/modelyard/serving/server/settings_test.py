"""Environment variables of the standalone server."""

import pytest

from modelyard.serving.server.settings import Settings, SettingsError


def test_defaults_are_loopback_and_nuclios_ports() -> None:
    settings = Settings.from_env({"MODELYARD_PORT": "", "PATH": "/bin"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.health_port) == ("127.0.0.1", 8080, 8082)


def test_values_are_read_by_their_types() -> None:
    settings = Settings.from_env(
        {
            "MODELYARD_HOST": "0.0.0.0",  # noqa: S104 - only a value here
            "MODELYARD_PORT": "0",
            "MODELYARD_WORKERS": "3",
            "MODELYARD_EVENT_TIMEOUT": "2.5",
            "MODELYARD_DRAIN": "7",
        }
    )
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 0, 3)  # noqa: S104
    assert (settings.event_timeout, settings.drain) == (2.5, 7.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("HEALTH_PORT", "-1"),
        ("WORKERS", "0"),
        ("WORKERS", "1.5"),
        ("EVENT_TIMEOUT", "0"),
        ("AVAILABILITY_TIMEOUT", "-1"),
        ("READY_TIMEOUT", "nan"),
        ("DRAIN", "inf"),
        ("DRAIN", "soon"),
        ("MAX_BODY", "32MiB"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"MODELYARD_{name}") as caught:
        Settings.from_env({f"MODELYARD_{name}": value})
    assert "\n" not in str(caught.value)
