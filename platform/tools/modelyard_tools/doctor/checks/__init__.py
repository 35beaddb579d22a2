"""Checks: functions from facts to findings."""
