"""Many clients for a long time, while workers are killed and versions replaced."""
