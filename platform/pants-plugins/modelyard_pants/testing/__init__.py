"""What the plugin's tests share: rule runners, a minimal function, stand-ins for slow rules."""
