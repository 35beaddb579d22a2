"""From decoded rows of a network to the shapes that are reported."""
