"""An environment for each library that can't share this one: a newer Python, other versions of the drivers.

``.venv-rivals-NAME`` beside ``.venv``, made where a Python 3.12 or newer is found (on the PATH, with pyenv or uv) and
pip can get the library; kept for the next run. Whoever can't be had is named, and left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from benchmarks.competitors import RIVALS

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 12)
NEWEST_FIRST = ("3.13", "3.12")
DRIVERS = ("aiosqlite", "asyncpg", "psycopg[binary]")
"""What the benchmarks themselves and the libraries without a driver of their own need."""


def interpreter(name: str) -> str:
    """Return the Python that runs a competitor; there may be none at that place."""
    return str(place_of(name) / "bin" / "python") if name in RIVALS else sys.executable


def place_of(name: str) -> Path:
    """Return the folder of a competitor's environment."""
    return ROOT / f".venv-rivals-{name}"


@cache
def python() -> str | None:
    """Return the newest Python that the libraries can run on."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for version in NEWEST_FIRST:
        pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        for candidate in (shutil.which(f"python{version}"), *map(str, reversed(pyenv))):
            if candidate and has_venv(candidate):
                return candidate
    return None


def has_venv(candidate: str) -> bool:
    """Whether a Python can make environments."""
    return subprocess.run([candidate, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0


def prepare(name: str, tell: Callable[[str], None]) -> str | None:
    """Make a competitor's environment, unless it is there; return why it can't be had."""
    if name not in RIVALS or (place_of(name) / "installed").exists():
        return None
    newer = python()
    if newer is None:
        return f"not installed (it needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and none was found)"
    tell(f"installing {RIVALS[name]}")
    made = subprocess.run([newer, "-m", "venv", "--clear", str(place_of(name))], capture_output=True, text=True)
    if made.returncode == 0:
        pip = [interpreter(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        made = subprocess.run([*pip, RIVALS[name], *DRIVERS], capture_output=True, text=True)
    if made.returncode != 0:
        errors = [line for line in made.stderr.splitlines() if line.startswith("ERROR")]
        return f"not installed ({(errors or made.stderr.splitlines() or ['no reason given'])[-1]})"
    (place_of(name) / "installed").touch()
    return None


def version_in_environment(name: str) -> str:
    """Return a competitor's version and that of its Python."""
    package = RIVALS[name].partition("[")[0]
    asked = f"import sys, importlib.metadata as m; print(m.version({package!r}), sys.version.split()[0])"
    try:
        said = subprocess.run([interpreter(name), "-c", asked], capture_output=True, text=True)
    except OSError:
        return "not installed"
    return " on Python ".join(said.stdout.split()) or "not installed"
