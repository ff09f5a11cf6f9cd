"""Opening a database's own prompt."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from orm.db.registry import databases
from orm.errors import ImproperlyConfigured, NotSupportedError


def open_prompt(using: str, parameters: Sequence[str] = ()) -> int:
    """Run the prompt of a database until it ends; return its exit status.

    Raises ``NotSupportedError`` where the backend names none, ``ImproperlyConfigured`` where its program is not
    installed.
    """
    database = databases[using]
    make = database.backend.shell
    if make is None:
        raise NotSupportedError(f"The backend {database.backend.name} does not say how its prompt is opened.")
    command, environment = make(database.url)
    if shutil.which(command[0]) is None:
        raise ImproperlyConfigured(
            f"You appear not to have the {command[0]!r} program installed or on your path; it opens the prompt of "
            f"{database.backend.name}."
        )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the prompt's
    try:
        return subprocess.run([*command, *parameters], env={**os.environ, **environment}).returncode
    finally:
        signal.signal(signal.SIGINT, before)
