"""Duotone against the raw drivers and against other ORMs, as ratios: ``python -m benchmarks``."""
