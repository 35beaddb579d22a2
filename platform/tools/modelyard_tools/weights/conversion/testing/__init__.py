"""Small models in foreign formats, for tests."""
