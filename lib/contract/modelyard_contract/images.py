"""Labels of the images that are built here, and so of the containers made from them."""

from __future__ import annotations

# Of what an image holds, whatever revision it was built from.
DIGEST_LABEL = "dev.modelyard.digest"
FUNCTION_LABEL = "dev.modelyard.function"
VARIANT_LABEL = "dev.modelyard.variant"
TYPE_LABEL = "dev.modelyard.type"
RUNTIME_LABEL = "dev.modelyard.runtime"
VERSION_LABEL = "dev.modelyard.version"
# Where a function lies in them.
HOME = "/opt/modelyard"
# Whom they run as: no user of the host.
USER = 65532
