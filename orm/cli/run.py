"""``orm run``: a blocking script written for Django's ORM, unchanged, with no Django installed.

The script runs as ``__main__`` with its own arguments and ``sys.path[0]``, as ``python script.py`` would run it; behind
that comes the folder of the project's settings, so that a script in ``scripts/`` finds the project's packages. It is
refused when it is not there, and when real Django is already loaded.
"""

from __future__ import annotations

import io
import os
import runpy
import sys
import types
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orm import config
from orm.compat.django import install
from orm.config import project_folder
from orm.db.registry import databases
from orm.errors import ImproperlyConfigured

if TYPE_CHECKING:
    from types import TracebackType

USAGE = """\
Usage: orm run [--statistics] SCRIPT [ARGUMENTS]...
       orm run [--statistics] -m MODULE [ARGUMENTS]...

Run a blocking script written for Django's ORM with `django` provided by Duotone.
The database comes from the script's own settings (settings.configure or
DJANGO_SETTINGS_MODULE), else from DATABASE_URL, else from [tool.orm] in pyproject.toml.
With --statistics it ends by telling on stderr how many statements each database ran."""


def run(arguments: Sequence[str]) -> int:
    """Run the script (or ``-m`` module) that ``arguments`` begin with; return the exit status.

    Raises whatever ``SystemExit`` the script raises. An uncaught exception is shown as Python shows it, without this
    command's own frames, and gives status 1.
    """
    if arguments[:1] == ["--statistics"]:
        try:
            return run(arguments[1:])
        finally:  # also where the script ends with SystemExit
            tell_statistics()
    as_module = arguments[:1] == ["-m"]
    target = list(arguments[1:] if as_module else arguments)
    if not target:
        print(USAGE, file=sys.stderr)
        return 2
    if target[0].startswith("-"):
        print(f"orm run has no option {target[0]}; what belongs to the script goes after its name.", file=sys.stderr)
        return 2
    if not as_module and not os.path.exists(target[0]):
        print(f"orm run: there is no file {target[0]!r} (looked in {os.getcwd()}).", file=sys.stderr)
        return 2
    try:
        install()
    except ImproperlyConfigured as error:
        print(f"orm run: {error}", file=sys.stderr)
        return 2
    sys.argv[:] = target
    try:
        if as_module:
            sys.path[0:1] = [os.getcwd(), *_project(os.getcwd())]
            runpy.run_module(target[0], run_name="__main__", alter_sys=True)
        elif os.path.isfile(target[0]) and not target[0].endswith((".pyz", ".zip")):
            _run_file(target[0])
        else:
            runpy.run_path(target[0], run_name="__main__")
    except Exception as error:  # the script's own failure: shown, and told by the status
        traceback = _script_frames(error.__traceback__)
        sys.excepthook(type(error), error.with_traceback(traceback), traceback)
        return 1
    return 0


def tell_statistics() -> None:
    """Say on stderr how many statements each database ran in each colour."""
    for database in databases.made():
        ran = database.statistics
        print(f"{database.alias}: {ran.awaitable} awaitable and {ran.blocking} blocking statements", file=sys.stderr)


def _run_file(path: str) -> None:
    """Execute a file in a fresh ``__main__`` that stays in place, so that threads and atexit hooks find it whole."""
    if not sys.flags.safe_path:
        config.program_folder = folder = os.path.dirname(os.path.abspath(path))
        sys.path[0:1] = [folder, *(_project(os.getcwd()) or _project(folder))]
    path = os.path.abspath(path)  # as Python tells it the program it runs
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__, __cached__=None)
    sys.modules["__main__"] = module
    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 - running a script is the purpose


def _project(start: str) -> list[str]:
    """Return the folder that the settings come from, where the project's packages are importable as for ``orm``.

    Parameters: ``start`` is a folder in the project.
    """
    folder = project_folder(start)
    return [] if folder is None or folder in sys.path[1:] else [folder]


def _script_frames(traceback: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the script's first frame on; the whole of it where the script never began."""
    own = {__file__, runpy.__file__}
    frame = traceback
    while frame is not None and (
        frame.tb_frame.f_code.co_filename in own or frame.tb_frame.f_code.co_filename.startswith("<frozen runpy")
    ):
        frame = frame.tb_next
    return frame
