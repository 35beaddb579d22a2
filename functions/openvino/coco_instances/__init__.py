"""COCO instances: masks of 80 kinds of everyday objects."""
