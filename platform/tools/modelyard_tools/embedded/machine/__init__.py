"""What the machine gives to functions: memory, processor time, GPUs."""
