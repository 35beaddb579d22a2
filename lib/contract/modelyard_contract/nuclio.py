"""Nuclio's names, and our names in Nuclio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The release whose API the platform implements, and whose processor is in images for Nuclio.
VERSION = "1.13.0"

API_VERSION = "nuclio.io/v1beta1"
FUNCTION_KIND = "NuclioFunction"
PROJECT_LABEL = "nuclio.io/project-name"
# On a function's containers and pods.
FUNCTION_LABEL = "nuclio.io/function-name"
# A GPU among the limits of a function.
GPU = "nvidia.com/gpu"
# Prefix of a function's name in those of its Deployment, Service and ConfigMap.
PREFIX = "nuclio-"

DEFAULT_NAMESPACE = "nuclio"
DEFAULT_PROJECT = "default"
# The project whose functions CVAT lists.
CVAT_PROJECT = "cvat"

RUNTIME = "python:3.11"
# The folder of the function in images built by Nuclio, and of its wrapper in all images.
HOME = "/opt/nuclio"
# The handler of functions without their own.
DEFAULT_HANDLER = "modelyard.serving.worker.nuclio:handler"
# Mount path of a function's configuration.
CONFIG_FILE = "/etc/nuclio/config/processor/processor.yaml"

# Our annotations: a function's release, and its author's information.
DIGEST = "modelyard.io/digest"
VARIANT = "modelyard.io/variant"
LICENCE = "modelyard.io/licence"
ORIGIN = "modelyard.io/origin"


def project_of(metadata: Mapping[str, Any]) -> str:
    """Return the project of a function."""
    return str((metadata.get("labels") or {}).get(PROJECT_LABEL) or DEFAULT_PROJECT)
