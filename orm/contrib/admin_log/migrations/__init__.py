"""Migrations of ``admin``, under Django's names."""
