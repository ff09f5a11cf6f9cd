"""Structures programs of Django's world reach for: trees, lazy values, special mappings, choices, imports by name.

Nothing here knows a model, a query or a database.
"""
