"""The API for authors of functions: model classes, assets, caches and states."""
