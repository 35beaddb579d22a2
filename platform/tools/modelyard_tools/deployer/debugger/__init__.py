"""A debugger for workers, and what an editor needs to attach to it."""
