"""A release of a function and its configuration, as the build writes them."""
