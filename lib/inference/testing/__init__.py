"""Networks whose answers are known, for tests of what is made of the answers."""

from inference.testing.networks import plant

__all__ = ["plant"]
