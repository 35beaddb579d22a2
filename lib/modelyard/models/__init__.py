"""Models that several functions are: each adds its weights and little else."""
