"""Panoptic feature pyramid (Kirillov et al. 2019) on ResNet-50."""
