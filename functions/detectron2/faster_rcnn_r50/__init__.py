"""Faster R-CNN (Ren et al. 2015) on ResNet-50 with a feature pyramid."""
