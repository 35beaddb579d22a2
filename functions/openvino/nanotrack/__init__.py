"""NanoTrack, a small and fast tracker of whatever was boxed once."""
