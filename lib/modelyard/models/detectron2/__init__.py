"""Runs unmodified detectron2; see docs/detectron2.md."""
