"""Small real models for tests; nothing here is deployed."""
