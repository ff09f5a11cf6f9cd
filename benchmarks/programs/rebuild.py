"""An alteration that rebuilds a table of SQLite, against the plain statement that copies its rows: a script.

``python -m benchmarks.programs.rebuild FILE ROWS`` prints one JSON object, in seconds of the processor. The file is
made anew, and ``name varchar(50)`` becomes text, and the other way about.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import orm
from orm import models

TABLE = "create table copied (id integer primary key, name varchar(50) not null, amount integer not null)"
COPY = "insert into copied select id, name, amount from probe_line"
TURNS = 4


class Line(models.Model):
    name = models.CharField(max_length=50)
    amount = models.IntegerField()

    class Meta:
        app_label = "probe"


def bare(path: str) -> float:
    """Seconds of the statement that copies all rows into a new table of the same form."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(TABLE)
    start = time.process_time()
    connection.execute(COPY)
    took = time.process_time() - start
    connection.execute("drop table copied")
    connection.close()
    return took


def altered(old: models.Field[Any], new: models.Field[Any]) -> float:
    """Seconds of an alteration of a column's type, the dropping of the old table within it."""
    start = time.process_time()
    with orm.schema_editor() as editor:
        editor.alter_field(Line, old, new)
    return time.process_time() - start


def main(path: str, rows: int) -> dict[str, float]:
    """Both, several times in turn; the least of each."""
    Path(path).unlink(missing_ok=True)
    orm.configure(f"sqlite:///{path}")
    with orm.schema_editor() as editor:
        editor.create_model(Line)
    connection = sqlite3.connect(path)
    with connection:
        lines = ((f"Line {number}", number) for number in range(rows))
        connection.executemany("insert into probe_line (name, amount) values (?, ?)", lines)
    connection.close()
    text: models.Field[Any] = models.TextField()
    text.set_attributes_from_name("name")
    text.model = Line
    kinds = [Line._meta.get_field("name"), text]
    plain, ours = [], []
    for _ in range(TURNS):
        plain.append(bare(path))
        ours.append(altered(*kinds))
        kinds.reverse()
    return {"plain": min(plain), "ours": min(ours)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
