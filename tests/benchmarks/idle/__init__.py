"""Resource use of an idle platform."""
