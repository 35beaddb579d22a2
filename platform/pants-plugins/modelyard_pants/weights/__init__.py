"""Pretrained weights: fetched, verified, converted and exported, with their licences.

Imports `function` and `common`.
"""
