"""Networks whose answers are known, and random weights, for tests."""
