"""A replacement of PyYAML for the `function.yaml` of `modelyard.adopted.home`, which is JSON.

Authors' code imports it as `yaml`, so that functions need no parser for one file.
"""

import json
from typing import IO, Any

SafeLoader = FullLoader = None


def safe_load(stream: IO[bytes] | IO[str] | bytes | str) -> Any:
    """Return the document."""
    return json.loads(stream if isinstance(stream, bytes | str) else stream.read())


def load(stream: IO[bytes] | IO[str] | bytes | str, Loader: None = None) -> Any:  # noqa: N803 - PyYAML's name
    """Return the document; the loader does not matter."""
    return safe_load(stream)
