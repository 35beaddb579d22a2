"""Started by `run` and `experimental-deploy`: the deployer, a local function, a prediction.

Imports `release`, `assets`, `sources`, `function` and `common`.
"""
