"""An editor that debugs, for tests."""
