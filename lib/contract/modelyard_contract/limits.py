"""What a function may take, and what it gets where its author says nothing. Bytes and seconds."""

from __future__ import annotations

MIB = 1024**2
GIB = 1024**3

DEFAULT_BODY = 32 * MIB
# What Nuclio takes unless it is told; a photograph in base64 needs more.
LEAST_BODY = 4 * MIB
# Nuclio's wrapper takes no more.
MOST_BODY = GIB

DEFAULT_WORKERS = 1
# What the embedded platform takes.
MOST_WORKERS = 64

EVENT_TIMEOUT = 60.0
# Nuclio looks once a second.
LEAST_EVENT_TIMEOUT = 1.0
AVAILABILITY_TIMEOUT = 10.0
# Nuclio's own default of `readinessTimeoutSeconds`.
READY_TIMEOUT = 120.0
# How long CVAT waits for an answer: its own default of `CVAT_NUCLIO_DEFAULT_TIMEOUT`.
CVAT_TIMEOUT = 120.0
