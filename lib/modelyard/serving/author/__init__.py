"""What the author of a function imports: the classes of models, their assets, caches and states."""
