"""NanoTrack, a small and fast tracker of arbitrary boxed objects."""
