"""Networks in files, for tests."""
