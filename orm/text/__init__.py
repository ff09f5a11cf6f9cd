"""Texts: slugs and shortening, HTML's escaping, bytes and addresses, dates and numbers in and out of text.

Nothing here knows a model, a query or a database. Messages stay as they are written: there are no catalogues.
"""
