"""What a function's container image is made on."""

from __future__ import annotations

import re
from typing import Optional

from pants.engine.addresses import Address
from pants.engine.target import StringField
from pants.util.strutil import help_text

from modelyard_pants.common.errors import InvalidModelFunction

_TRANSPORTS = ("docker://", "docker-archive:", "oci:", "oci-archive:", "docker-daemon:")


class BaseImageField(StringField):
    alias = "base_image"
    help = help_text(
        """
        The image that the function's images are made on, as skopeo names it:
        `docker://registry.example.org/python@sha256:...`, `oci-archive:/path/to/base.tar`. It has
        to hold Python 3.11 as /usr/bin/python3.11. By default it is the repository's own base of
        Debian packages ([modelyard].image_base), which needs neither a registry nor an engine. For
        what needs RUN steps, build an image with a Dockerfile and name it here.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[str], address: Address) -> str | None:
        value = super().compute_value(raw_value, address)
        if value is None:
            return None
        if not value.startswith(_TRANSPORTS) or re.search(r"\s", value):
            raise InvalidModelFunction(
                address, cls.alias, value, f"accepted: {', '.join(_TRANSPORTS)} and a reference"
            )
        if value.startswith("docker://") and "@sha256:" not in value:
            raise InvalidModelFunction(
                address,
                cls.alias,
                value,
                "a registry's image is named by its digest, `...@sha256:<64 hexadecimal digits>`",
            )
        return value
