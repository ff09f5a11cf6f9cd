"""Names in an instance's ``__dict__`` of what is no column; programs for Django know them, so they are Django's."""

PREFETCHED = "_prefetched_objects_cache"
"""Where an instance keeps the rows of relations that were prefetched, by the relation's name."""
UNFOUND = "_prefetched_in_vain"
"""Where an instance holds, by relation, the keys by which a prefetch found nothing among the rows it looked in."""
