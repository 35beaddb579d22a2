"""One function in the foreground, on the sources of the working copy."""
