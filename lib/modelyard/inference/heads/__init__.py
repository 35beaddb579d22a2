"""From the outputs of well-known kinds of network to shapes, whatever ran the network."""
