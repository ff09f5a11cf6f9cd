"""Caches whose values are rows."""
