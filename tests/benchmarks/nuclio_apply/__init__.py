"""What `apply` costs beyond what Nuclio takes to deploy one function."""
