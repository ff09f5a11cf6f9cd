"""Sessions of a legacy program, in the table and with copies in the cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import asyncio, sys
from importlib import import_module
from django.conf import settings
settings.configure(
    SECRET_KEY="of the tests", INSTALLED_APPS=["django.contrib.sessions"], USE_TZ=True,
    SESSION_ENGINE="django.contrib.sessions.backends." + sys.argv[1],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "sessions.sqlite3"}},
)
import django
django.setup()
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.exceptions import InvalidSessionKey, SessionInterrupted, SuspiciousSession
from django.contrib.sessions.models import Session
from django.contrib.sessions.serializers import JSONSerializer
from django.core.management import call_command
call_command("migrate", verbosity=0)
SessionStore = import_module(settings.SESSION_ENGINE).SessionStore
session = SessionStore()
session["a"] = 1
session.save()
key = session.session_key
print(dict(SessionStore(key).items()), session.serializer is JSONSerializer, Session.get_session_store_class().__name__)
Session.objects.filter(pk=key).update(session_data="forged")
print(dict(SessionStore(key).items()))
session["b"] = 2
session.save()
read = SessionStore(key)
print(dict(read.items()), read.modified)
try:
    SessionStore(key).save(must_create=True)
except CreateError:
    print("taken")
read.flush()
print(read.session_key, dict(SessionStore(key).items()), session.exists(key))
try:
    session.save()
except UpdateError:
    print("gone")
async def main():
    one = SessionStore()
    await one.aset("x", 1)
    await one.asave()
    print(dict(await SessionStore(one.session_key).aitems()), await one.aexists(one.session_key))
    await one.acycle_key()
    await one.aflush()
    print(await Session.objects.acount())
asyncio.run(main())
old = SessionStore()
old.set_expiry(-1)
old.create()
call_command("clearsessions")
print(Session.objects.count())
"""


@pytest.mark.parametrize(("engine", "forged"), [("db", "{}"), ("cached_db", "{'a': 1}")])
def test_a_program_with_sessions(tmp_path: Path, engine: str, forged: str) -> None:
    """The copy in the cache is what is read, until the session is saved or deleted."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "orm", "run", "script.py", engine], cwd=tmp_path, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "{'a': 1} True SessionStore", forged, "{'a': 1, 'b': 2} False", "taken", "None {} False", "gone",
        "{'x': 1} True", "0", "0",
    ]  # fmt: skip


STORES = """
import asyncio, os, re, sys
from importlib import import_module
from django.conf import settings
os.mkdir("kept")
settings.configure(
    SECRET_KEY="of the tests", INSTALLED_APPS=["django.contrib.sessions"], USE_TZ=True, SESSION_FILE_PATH="kept",
    SESSION_ENGINE="django.contrib.sessions.backends." + sys.argv[1],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
import django
django.setup()
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.core.management import call_command
Store = import_module(settings.SESSION_ENGINE).SessionStore
one = Store()
one["a"] = 1
one.save()
print(dict(Store(one.session_key).items()), len(one.session_key) == 32, one.exists(one.session_key))
def saved(store, **how):
    try:
        store.save(**how)
        return "saved"
    except (CreateError, UpdateError) as error:
        return type(error).__name__
print(saved(Store(one.session_key), must_create=True))
gone = Store(one.session_key)
gone["b"] = 2
Store(one.session_key).delete()
print(saved(gone))
forged = Store("no/such/key/of/a/session")
print(dict(forged.items()), forged.modified, Store().exists(""))
ended = Store()
ended.set_expiry(-5)
ended.save()
print(dict(Store(ended.session_key).items()))
call_command("clearsessions")
print(all(re.fullmatch("sessionid[a-z0-9]{32}", name) for name in os.listdir("kept")))
async def main():
    one = Store()
    await one.aset("x", 1)
    await one.asave()
    print(dict(await Store(one.session_key).aitems()), await one.aexists(one.session_key))
    before = one.session_key
    await one.acycle_key()
    print(await one.aget("x"), await Store().aexists(before))
    await one.aflush()
    print(one.session_key, await one.aget("x"))
    await Store.aclear_expired()
asyncio.run(main())
"""

KEPT_HERE = [
    *("{'a': 1} True True", "CreateError", "UpdateError", "{} False False", "{}", "True"),
    *("{'x': 1} True", "1 False", "None None"),
]
KEPT_BY_BROWSERS = [
    *("{'a': 1} False False", "saved", "saved", "{} True False", "{'_session_expiry': -5}", "True"),
    *("{'x': 1} False", "1 False", "None None"),
]


@pytest.mark.parametrize(
    ("engine", "said"), [("file", KEPT_HERE), ("cache", KEPT_HERE), ("signed_cookies", KEPT_BY_BROWSERS)]
)
def test_stores_without_a_table(tmp_path: Path, engine: str, said: list[str]) -> None:
    (tmp_path / "script.py").write_text(STORES, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "orm", "run", "script.py", engine], cwd=tmp_path, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == said
