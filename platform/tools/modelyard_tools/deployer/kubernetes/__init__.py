"""Nuclio on a Kubernetes cluster as a target."""
