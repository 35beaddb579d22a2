"""Looking: each module returns facts, and None for what it cannot tell. None of them waits long."""
