"""The base of a function's container image."""

from __future__ import annotations

import re
from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import StringField
from pants.util.strutil import help_text

from modelyard_pants.common.errors import InvalidModelFunction

_TRANSPORTS = ("docker://", "docker-archive:", "oci:", "oci-archive:", "docker-daemon:")
_REFERENCE = re.compile(rf"({'|'.join(_TRANSPORTS)})\S+")
_PINNED = re.compile(r"docker://\S+@sha256:[0-9a-f]{64}")


class BaseImageField(StringField):
    alias = "base_image"
    help = help_text(
        """
        The base of the function's images, as skopeo names it:
        `docker://registry.example.org/python@sha256:...`, `oci-archive:/path/to/base.tar`. It must
        have Python 3.11 as /usr/bin/python3.11. The default is the repository's own base of Debian
        packages ([modelyard].image_base), which needs neither a registry nor an engine. If you need
        RUN steps, build an image with a Dockerfile and name it here.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        if value is None:
            return None
        if not _REFERENCE.fullmatch(value):
            raise InvalidModelFunction(
                address, cls.alias, value, f"accepted: {', '.join(_TRANSPORTS)} and a reference"
            )
        if value.startswith("docker://") and not _PINNED.fullmatch(value):
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                "an image in a registry needs a digest, `...@sha256:<64 hexadecimal digits>`",
            )
        return value
