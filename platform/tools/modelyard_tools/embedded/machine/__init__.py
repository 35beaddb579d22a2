"""The machine's resources for functions: memory, processor time, GPUs."""
