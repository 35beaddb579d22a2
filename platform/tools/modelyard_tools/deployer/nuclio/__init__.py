"""Nuclio on Docker as a target: see docs/nuclio.md."""
