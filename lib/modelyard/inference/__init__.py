"""Running neural networks: device, threads, boxes and one session module per framework.

This package file imports nothing: a function that uses OpenVINO must not need
torch, nor the other way round.
"""
