"""HTTP between our programs."""
