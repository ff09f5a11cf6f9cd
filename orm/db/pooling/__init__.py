"""Connections kept open: the pool, who gets what, how many there may be, and those of the colour that is missing."""
