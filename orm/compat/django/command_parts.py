"""``django.core.management.utils``: what commands are written with."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from orm.commands.base import CommandError
from orm.models.apps import apps

__all__ = [
    "find_command",
    "handle_extensions",
    "is_ignored_path",
    "normalize_path_patterns",
    "parse_apps_and_model_labels",
    "popen_wrapper",
]


def find_command(cmd: str, path: str | Iterable[str] | None = None) -> str | None:
    """Return where a program is, on the search path or in these folders; None where it is not there."""
    folders = path if path is None or isinstance(path, str) else os.pathsep.join(path)
    return shutil.which(cmd, path=folders)


def popen_wrapper(args: Sequence[str], stdout_encoding: str = "utf-8") -> tuple[str, str, int]:
    """Run a program; return its output, what it wrote to standard error, and its status.

    Raises ``CommandError`` where it can't be started.
    """
    try:
        done = subprocess.run(args, capture_output=True, check=False, close_fds=os.name != "nt")
    except OSError as error:
        raise CommandError(f"Error executing {args[0]}") from error
    return done.stdout.decode(stdout_encoding), done.stderr.decode(errors="replace"), done.returncode


def handle_extensions(extensions: Iterable[str]) -> set[str]:
    """Return the endings of files that options name, separated by commas or spaces, with a dot before each."""
    named = [each for text in extensions for each in text.replace(" ", "").split(",")]
    return {each if each.startswith(".") else f".{each}" for each in named}


def normalize_path_patterns(patterns: Iterable[str]) -> list[str]:
    """Return patterns of paths in the system's spelling; that of everything in a folder is the folder."""
    return [os.path.normcase(each).removesuffix(f"{os.sep}*") for each in patterns]


def is_ignored_path(path: str, ignore_patterns: Iterable[str]) -> bool:
    """Return whether a path, or its last part, matches one of the patterns."""
    found = PurePath(path)
    return any(
        fnmatch.fnmatchcase(found.name, pattern) or fnmatch.fnmatchcase(str(found), pattern)
        for pattern in normalize_path_patterns(ignore_patterns)
    )


def parse_apps_and_model_labels(labels: Iterable[str]) -> tuple[set[Any], set[Any]]:
    """Return the models and the applications that ``app.Model`` and ``app`` name.

    Raises ``CommandError`` for an unknown one.
    """
    models, configs = set(), set()
    for label in labels:
        try:
            if "." in label:
                models.add(apps.get_model(label))
            else:
                configs.add(apps.get_app_config(label))
        except LookupError as error:
            raise CommandError(f"Unknown model: {label}" if "." in label else str(error)) from error
    return models, configs
