"""Migrations, with the names that Django's have: a project's own depend on them."""
