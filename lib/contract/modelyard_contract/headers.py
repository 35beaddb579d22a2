"""Headers of requests to Nuclio's dashboard, which the embedded platform replaces."""

from __future__ import annotations

FUNCTION_NAME = "x-nuclio-function-name"
FUNCTION_NAMESPACE = "x-nuclio-function-namespace"
PROJECT_NAME = "x-nuclio-project-name"
PROJECT_NAMESPACE = "x-nuclio-project-namespace"
# Of an invocation: its path in the function, and how long it may take, as a duration.
PATH = "x-nuclio-path"
INVOKE_TIMEOUT = "x-nuclio-invoke-timeout"
# Deletes a function in any state.
FORCE_DELETE = "x-nuclio-delete-function-ignore-state-validation"
