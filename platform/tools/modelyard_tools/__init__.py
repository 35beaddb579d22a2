"""The programs around functions: what makes, packages, deploys and runs them."""
