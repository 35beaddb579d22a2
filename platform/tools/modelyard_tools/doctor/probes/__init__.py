"""Probes: each module returns facts, None if unknown. None of them waits long."""
