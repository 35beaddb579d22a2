"""Nuclio: its names for things, and what we call ours there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The release whose API the platform speaks, and whose processor is in images for Nuclio.
VERSION = "1.13.0"

API_VERSION = "nuclio.io/v1beta1"
FUNCTION_KIND = "NuclioFunction"
PROJECT_LABEL = "nuclio.io/project-name"
# On a function's containers and pods.
FUNCTION_LABEL = "nuclio.io/function-name"
# A GPU among the limits of a function.
GPU = "nvidia.com/gpu"
# Before a function's name in those of its Deployment, Service and ConfigMap.
PREFIX = "nuclio-"

DEFAULT_NAMESPACE = "nuclio"
DEFAULT_PROJECT = "default"
# The one that CVAT lists the functions of.
CVAT_PROJECT = "cvat"

RUNTIME = "python:3.11"
# Where the images that Nuclio builds have a function, and all images its wrapper.
HOME = "/opt/nuclio"
# What a function is called through unless it brings a handler of its own.
DEFAULT_HANDLER = "modelyard.serving.worker.nuclio:handler"
# Where a function's configuration is mounted.
CONFIG_FILE = "/etc/nuclio/config/processor/processor.yaml"

# Annotations of ours: which release a function is, and what its author says of it.
DIGEST = "modelyard.io/digest"
VARIANT = "modelyard.io/variant"
LICENCE = "modelyard.io/licence"
ORIGIN = "modelyard.io/origin"


def project_of(metadata: Mapping[str, Any]) -> str:
    """Return the project that a function belongs to."""
    return str((metadata.get("labels") or {}).get(PROJECT_LABEL) or DEFAULT_PROJECT)
