"""What `run` and `experimental-deploy` start: the deployer, one function here, a prediction.

Imports `release`, `assets`, `sources`, `function` and `common`.
"""
