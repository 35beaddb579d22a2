"""COCO SSD, a small and fast detector of 80 classes of everyday objects."""
