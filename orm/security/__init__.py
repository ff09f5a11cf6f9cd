"""Random texts, comparisons in constant time, keyed digests, signed values, and password hashes.

The formats are Django's, so that what one writes the other reads.
"""
