"""Where the ``orm`` command starts.

``orm run`` passes everything after the script's name on untouched, so it needs no option parser and works on an
installation without extras. The other commands are in ``orm.cli.interface``, which needs the ``cli`` extra.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import Any

from orm.cli.run import USAGE, run
from orm.late import metadata

MISSING_EXTRA = 'This command needs click and rich: pip install "duotone[cli]". (`orm run` works without them.)'
EXTRA_MODULES = ("click", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one ``orm`` command and return its exit status.

    Parameters: ``arguments`` default to those of the process. Raises ``SystemExit`` where a script asks for it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["run"]:
        if given[1:2] in (["--help"], ["-h"]):
            print(USAGE)
            return 0
        return run(given[1:])
    if given == ["--version"]:  # said without what the commands are made of, which takes ten times as long to import
        print(f"duotone, version {metadata.version('duotone')}")
        return 0
    if any(importlib.util.find_spec(name) is None for name in EXTRA_MODULES):
        print(MISSING_EXTRA, file=sys.stderr)
        return 2
    # By name, because it can only be loaded where the extra is installed.
    interface: Any = importlib.import_module("orm.cli.interface")
    interface.commands.main(args=given, prog_name="orm")
    return 0
