"""A backfill on PostgreSQL against one plain UPDATE of all rows, and how long others wait beside it: a script.

``python -m benchmarks.programs.backfill URL ROWS`` prints one JSON object, in seconds. What takes long is the work of
the server, so it is time that passed, the least of several turns. A reader and a writer run one statement after the
other, each on a random row.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

import orm

UPDATE = "update filled_row set number = number + 1"
FILL = "insert into filled_row (number, name) select n, 'Row ' || n from generate_series(1, %s) n"
TURNS = 3
PAUSE = 0.002
MODEL = """\
from orm import models

class Row(models.Model):
    number = models.IntegerField()
    name = models.CharField(max_length=50)
"""
FIRST = """\
from orm import migrations, models

class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Row", [
            ("id", models.BigAutoField(primary_key=True)),
            ("number", models.IntegerField()),
            ("name", models.CharField(max_length=50)),
        ]),
    ]
"""
SECOND = """\
from orm import migrations, models

class Migration(migrations.Migration):
    atomic = False
    dependencies = [("filled", "0001_first")]
    operations = [migrations.Backfill("Row", {"number": models.F("number") + 1})]
"""
FILES = {
    "__init__": "",
    "models": MODEL,
    "migrations/__init__": "",
    "migrations/0001_first": FIRST,
    "migrations/0002_filled": SECOND,
}


class Beside:
    """What a reader and a writer waited for their statements while something went on."""

    def __init__(self, url: str, rows: int) -> None:
        self.url = url
        self.rows = rows
        self.longest: dict[str, float] = {"read": 0.0, "write": 0.0}

    def work(self, kind: str, over: threading.Event) -> None:
        """Run statements of one kind until it is over."""
        sql = "select number from filled_row where id = %s"
        if kind == "write":
            sql = "update filled_row set name = name where id = %s"
        keys = random.Random(kind)
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not over.is_set():
                start = time.perf_counter()
                connection.execute(sql, (keys.randint(1, self.rows),))
                self.longest[kind] = max(self.longest[kind], time.perf_counter() - start)
                time.sleep(PAUSE)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run both while the block does."""
        over = threading.Event()
        threads = [threading.Thread(target=self.work, args=(kind, over)) for kind in self.longest]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


def plain(url: str) -> float:
    """Seconds of one UPDATE of every row."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum full analyze filled_row")
        start = time.perf_counter()
        connection.execute(UPDATE)
        return time.perf_counter() - start


def filled(url: str) -> float:
    """Seconds of the migration that changes every row in batches."""
    orm.migrate("filled", "0001")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum full analyze filled_row")
    start = time.perf_counter()
    orm.migrate("filled")
    return time.perf_counter() - start


def main(url: str, rows: int) -> dict[str, float]:
    """Both in turn, then the backfill and an idle second with others beside it."""
    orm.configure(url, installed_apps=["filled"])
    orm.migrate("filled", "0001")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL, (rows,))
    times = [(plain(url), filled(url)) for _ in range(TURNS)]
    alone, beside = Beside(url, rows), Beside(url, rows)
    with alone.running():
        time.sleep(min(ours for _, ours in times))
    orm.migrate("filled", "0001")
    with beside.running():
        orm.migrate("filled")
    return {
        "plain": min(bare for bare, _ in times),
        "ours": min(ours for _, ours in times),
        **{f"{kind} alone": took for kind, took in alone.longest.items()},
        **{f"{kind} beside": took for kind, took in beside.longest.items()},
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "filled"
        (app / "migrations").mkdir(parents=True)
        for name, text in FILES.items():
            (app / f"{name}.py").write_text(text, encoding="utf-8")
        sys.path.insert(0, folder)
        print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
