"""The files of a new application and of a new project, as ``manage.py startapp`` and ``startproject`` make them.

There is no part for the web: no addresses, no servers' entry points. Nothing that is there is written over.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from orm.commands.base import CommandError

APP = {
    "__init__.py": "",
    "admin.py": "from django.contrib import admin  # noqa: F401\n",
    "apps.py": """\
from django.apps import AppConfig


class %CAMEL%Config(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "%NAME%"
""",
    "migrations/__init__.py": "",
    "models.py": "from django.db import models  # noqa: F401\n",
    "tests.py": "from django.test import TestCase  # noqa: F401\n",
    "views.py": "from django.shortcuts import render  # noqa: F401\n",
}
"""By their names in the folder of the application."""

PROJECT = {
    "manage.py": '''\
#!/usr/bin/env python
"""Runs the project's commands."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "%NAME%.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
''',
    "%NAME%/__init__.py": "",
    "%NAME%/settings.py": '''\
"""Settings of the project %NAME%."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "%SECRET%"
DEBUG = True
ALLOWED_HOSTS = []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
''',
}
"""By their names in the folder of the project."""


def start(name: str, directory: str | None, files: Mapping[str, str], what: str, **words: str) -> None:
    """Write the files of an ``app`` or a ``project``, in which %NAME% and further words are put in.

    Raises ``CommandError`` for a name that can't be one or is taken, and for a folder or a file that is in the way.
    """
    article = "an" if what == "app" else "a"
    if not name.isidentifier() or keyword.iskeyword(name):
        raise CommandError(f"{name!r} is not a valid {what} name. Please make sure the name is a valid identifier.")
    if find_spec(name) is not None and (directory is None or not Path(directory, "__init__.py").exists()):
        raise CommandError(
            f"{name!r} conflicts with the name of an existing Python module and cannot be used as {article} {what} "
            "name. Please try another name."
        )
    if directory is None:
        top = Path(name)
        if top.exists():
            raise CommandError(f"'{top.absolute()}' already exists")
    else:
        top = Path(directory).expanduser()
        if not top.exists():
            raise CommandError(f"Destination directory '{top.absolute()}' does not exist, please create it first.")
    words = {**words, "CAMEL": "".join(part.capitalize() for part in name.split("_")), "NAME": name}
    for path, text in files.items():
        target = top / path.replace("%NAME%", name)
        if target.exists():
            raise CommandError(
                f"{target} already exists. Overlaying {article} {what} into an existing directory won't replace "
                "conflicting files."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        for word, meant in words.items():
            text = text.replace(f"%{word}%", meant)
        target.write_text(text, encoding="utf-8")
