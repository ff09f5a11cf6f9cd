"""Commands of a ``manage.py`` that are about a project in Django's form, one in each module."""
