"""Networks with known outputs, and random weights, for tests."""
