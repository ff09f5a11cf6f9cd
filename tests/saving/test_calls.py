"""How many Python calls single rows take in blocking code on SQLite, as docs/decisions/0006 counts them.

A column takes none of its own where its values are of the usual type, so the numbers are the same for any plain model.
They are counted in a process of their own: who watches statements, or imports an event loop, pays for more.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGINNING = """
import sys
import orm
from orm import models

class Room(models.Model):
    number = models.IntegerField()
    name = models.CharField(max_length=20)
    closed = models.BooleanField(default=False)

    class Meta:
        app_label = "calls"

orm.configure("sqlite:///:memory:")
orm.create_tables(Room)

def calls(work):
    work()
    work()  # what is done once only has been done by now
    seen = []

    def note(frame, event, argument):
        if event == "call" and frame.f_code is not work.__code__:
            seen.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return len(seen)

Room.objects.bulk_create([Room(number=n, name=f"{n}") for n in range(9)])
rows = iter(list(Room.objects.all()))
room = next(rows)
key = room.pk
"""


@pytest.mark.parametrize(
    ("counted", "most"),
    [
        ('with orm.atomic(): print(calls(lambda: Room.objects.create(number=1, name="a", closed=True)))', 16),
        ("with orm.atomic(): print(calls(lambda: room.save()))", 12),
        ('with orm.atomic(): print(calls(lambda: room.save(update_fields=["number", "closed"])))', 12),
        ("with orm.atomic(): print(calls(lambda: next(rows).delete()))", 12),
        ("print(calls(lambda: Room.objects.get(pk=key)))", 10),
    ],
    ids=["create", "save", "save of two fields", "delete", "get"],
)
def test_calls_of_single_rows(counted: str, most: int) -> None:
    command = [sys.executable, "-c", BEGINNING + counted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= most
