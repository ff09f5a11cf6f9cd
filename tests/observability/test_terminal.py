"""``echo`` on a terminal: a real pseudo-terminal, read from its other end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

PROGRAM = """
import orm
from orm import models

orm.configure("sqlite://:memory:", echo=True)

class Town(models.Model):
    name = models.CharField(max_length=9)

    class Meta:
        app_label = "places"

orm.create_tables()
Town.objects.create(name="Lviv")
"""


def test_a_terminal_gets_colours() -> None:
    master, end = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stderr=end, env={**os.environ, "TERM": "xterm-256color"}
    )
    os.close(end)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # what Linux says when the program has ended
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert program.wait() == 0
    assert b"\x1b[" in shown
    assert b"INSERT" in shown
    assert b"Lviv" in shown
