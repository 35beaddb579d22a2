"""The configuration that a platform receives for a release."""

from typing import Any

import msgspec

from modelyard_contract.nuclio import DIGEST, LICENCE, ORIGIN, VARIANT
from modelyard_contract.release import CONFIG
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.releases import BuiltRelease


def nuclio_config(release: BuiltRelease) -> dict[str, Any]:
    """Return what the embedded platform receives: the release's digest replaces its image.

    Raises:
        DeployError: the file is missing or is not a function configuration.
    """
    config = function_config(release)
    manifest = release.manifest
    config["spec"]["image"] = f"modelyard/{manifest.name}:{manifest.digest}"
    return config


def function_config(release: BuiltRelease) -> dict[str, Any]:
    """Return function.yaml with annotations that identify the release.

    Raises:
        DeployError: the file is missing or is not a function configuration.
    """
    path = release.folder / CONFIG
    manifest = release.manifest
    try:
        config: dict[str, dict[str, Any]] = msgspec.yaml.decode(path.read_bytes())
        config["metadata"].setdefault("annotations", {}).update(
            {
                DIGEST: manifest.digest,
                VARIANT: manifest.variant,
                LICENCE: manifest.licence,
                ORIGIN: manifest.origin,
            }
        )
        config["metadata"]["name"] = manifest.name
        config["spec"].setdefault("image", "")
    except OSError as error:
        raise DeployError(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
        raise DeployError(f"{path} is not a function configuration: {error}") from None
    return config
