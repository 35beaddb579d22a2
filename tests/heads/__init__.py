"""Networks that somebody trained, as functions without code of their own."""
