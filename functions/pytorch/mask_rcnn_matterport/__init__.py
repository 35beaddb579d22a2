"""Matterport's Mask R-CNN: boxes and masks of 80 classes of everyday objects."""
