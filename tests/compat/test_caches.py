"""``django.core.cache`` and ``get_current_site`` in a program."""

from __future__ import annotations

from pathlib import Path

from tests.compat.test_scripts import run

PROGRAM = """
import asyncio
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.sites"],
    CACHES={
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "x"},
        "off": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    },
    SITE_ID=1,
)
import django
django.setup()
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.core.cache import DEFAULT_CACHE_ALIAS, InvalidCacheBackendError, cache, caches
from django.db import connection

cache.set("a", [1, 2], 30)
print(cache.get("a"), cache.get_or_set("b", lambda: 5), cache.incr("b"), end=" ")
print("b" in cache, caches[DEFAULT_CACHE_ALIAS].get("b"))
caches["off"].set("a", 1)
print(caches["off"].get("a", "nothing"), asyncio.run(cache.aget("a")))
try:
    caches["nowhere"]
except InvalidCacheBackendError as error:
    print(error)
with connection.schema_editor() as editor:
    editor.create_model(Site)
Site.objects.create(pk=1, domain="example.com", name="example")
print(get_current_site(None).domain)
"""


def test_a_program_that_caches(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = run(tmp_path, "-m", "orm", "run", "program.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "[1, 2] 5 6 True 6",
        "nothing [1, 2]",
        "The connection 'nowhere' doesn't exist.",
        "example.com",
    ]
