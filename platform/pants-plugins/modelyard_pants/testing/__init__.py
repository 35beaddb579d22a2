"""Shared by the plugin's tests: rule runners, a minimal function, stand-ins for slow rules."""
