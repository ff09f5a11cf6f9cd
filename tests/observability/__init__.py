"""Tests of what watches statements: captures, wrappers, tags, slow queries, repeated queries, spans."""
