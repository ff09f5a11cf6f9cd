"""Applications with a history, for tests."""
