"""``python -m orm``: the same as the ``orm`` command."""

from __future__ import annotations

import sys

from orm.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
