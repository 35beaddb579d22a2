"""Judging: functions from facts to findings."""
