"""Models that several functions share: each adds its weights and little else."""
