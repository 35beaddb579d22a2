"""From a release to the configuration that the platform gets."""

from typing import Any

import msgspec

from deployer.client import DIGEST, VARIANT
from deployer.errors import DeployError
from deployer.releases import BuiltRelease


def nuclio_config(release: BuiltRelease) -> dict[str, Any]:
    """Return function.yaml with the release's digest as its image and in its annotations.

    Raises:
        DeployError: the file is missing or is no function configuration.
    """
    path = release.folder / "function.yaml"
    manifest = release.manifest
    try:
        config: dict[str, dict[str, Any]] = msgspec.yaml.decode(path.read_bytes())
        config["metadata"].setdefault("annotations", {}).update(
            {DIGEST: manifest.digest, VARIANT: manifest.variant}
        )
        config["metadata"]["name"] = manifest.name
        config["spec"]["image"] = f"modelyard/{manifest.name}:{manifest.digest}"
    except OSError as error:
        raise DeployError(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
        raise DeployError(f"{path} is no function configuration: {error}") from None
    return config
