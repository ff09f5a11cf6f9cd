"""Whoever listens to statements: captures, wrappers, slow queries, repeated ones, spans."""
