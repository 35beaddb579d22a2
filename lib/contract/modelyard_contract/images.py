"""Labels of the images built here, and of containers created from them."""

from __future__ import annotations

# Digest of an image's contents, independent of the revision it was built from.
DIGEST_LABEL = "dev.modelyard.digest"
FUNCTION_LABEL = "dev.modelyard.function"
VARIANT_LABEL = "dev.modelyard.variant"
TYPE_LABEL = "dev.modelyard.type"
RUNTIME_LABEL = "dev.modelyard.runtime"
VERSION_LABEL = "dev.modelyard.version"
# The folder of a function in them.
HOME = "/opt/modelyard"
# The user they run as, which is not a user of the host.
USER = 65532
