"""Limits of functions and their defaults, in bytes and seconds."""

from __future__ import annotations

MIB = 1024**2
GIB = 1024**3

DEFAULT_BODY = 32 * MIB
# Nuclio's default; a photograph in base64 needs more.
LEAST_BODY = 4 * MIB
# The maximum of Nuclio's wrapper.
MOST_BODY = GIB

DEFAULT_WORKERS = 1
# The maximum of the embedded platform.
MOST_WORKERS = 64

EVENT_TIMEOUT = 60.0
# Nuclio checks once a second.
LEAST_EVENT_TIMEOUT = 1.0
AVAILABILITY_TIMEOUT = 10.0
# Nuclio's default of `readinessTimeoutSeconds`.
READY_TIMEOUT = 120.0
# How long CVAT waits for an answer: its default of `CVAT_NUCLIO_DEFAULT_TIMEOUT`.
CVAT_TIMEOUT = 120.0
