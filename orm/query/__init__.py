"""What is asked: querysets, their shapes and plans, prefetching, and how rows become objects."""
