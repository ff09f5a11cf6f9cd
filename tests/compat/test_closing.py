"""``connection.close()`` and ``connections.close_all()``, as threads of legacy programs call them at their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.test_scripts import run, settings_of

PROGRAM = """
import os, threading
from orm.compat.django import install
install()
from django.conf import settings
settings.configure(DATABASES={"default": {
    "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"), "NAME": os.environ.get("TEST_NAME", "a.db"),
    "USER": os.environ.get("TEST_USER", ""), "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
    "HOST": os.environ.get("TEST_HOST", ""), "PORT": os.environ.get("TEST_PORT", ""),
}})
from django.db import connection, connections, transaction

def one():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()

def done():
    one()
    connection.close()
    connections.close_all()

with transaction.atomic():
    print(one())
    thread = threading.Thread(target=done)
    thread.start()
    thread.join()
    print(one())
connections.close_all()
print(one())
"""


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_thread_closes_no_connection_that_another_is_in(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest
) -> None:
    where = settings_of(request.getfixturevalue("postgresql_url")) if backend == "postgresql" else {}
    done = run(tmp_path, "-c", PROGRAM, **where)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "(1,)\n(1,)\n(1,)\n")
