"""As much of PyYAML as reads the `function.yaml` of `modelyard.adopted.home`, which is JSON.

Authors' code is given it for `yaml`, so that no parser has to be in a function for one file.
"""

import json
from typing import IO, Any

SafeLoader = FullLoader = None


def safe_load(stream: IO[bytes] | IO[str] | bytes | str) -> Any:
    """Return the document."""
    return json.loads(stream if isinstance(stream, bytes | str) else stream.read())


def load(stream: IO[bytes] | IO[str] | bytes | str, Loader: None = None) -> Any:  # noqa: N803 - PyYAML's name
    """Return the document; all loaders are alike."""
    return safe_load(stream)
