"""Mask R-CNN (He et al. 2017) on ResNet-50 with a feature pyramid."""
