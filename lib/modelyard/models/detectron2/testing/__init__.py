"""Checkpoints in detectron2's format, for tests."""
