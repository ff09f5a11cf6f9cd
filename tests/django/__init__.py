"""Django's own tests of its ORM, run against ``orm.compat.django``: ``make django-tests``.

No file of Django's is in this folder: the runner downloads the sdist of one version with pip and imports the tests from
there. ``packages.toml`` says which of its packages are run, ``passing-<database>.txt`` which tests pass. One of these
that no longer passes is an error; one that passes and is not listed is named, and ``--update`` takes it up. Where the
sdist can't be had, or Django itself is installed, nothing is run, and that is said.
"""
