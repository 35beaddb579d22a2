"""Layers of images, built in a sandbox."""
