"""Values kept in a table, in files and in memory: the same calls, in both forms, inside and outside of transactions."""

import asyncio
import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", "program.sqlite3"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    INSTALLED_APPS=[],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "my_cache",
            "OPTIONS": {"MAX_ENTRIES": 5},
        },
        "files": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": "folder",
            "OPTIONS": {"MAX_ENTRIES": 5},
        },
        "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    },
)
django.setup()
from django.core.management import call_command, CommandError
from django.core.cache import cache, caches
from django.db import connection, transaction

call_command("createcachetable", verbosity=2)
call_command("createcachetable")
call_command("createcachetable", "second")
print(sorted(t for t in connection.introspection.table_names() if t in ("my_cache", "second")))


async def later(cache):
    await cache.aset("x", {"y": 1}, None)
    print(
        await cache.aget("x"),
        await cache.aget("none", 5),
        await cache.aadd("x", 2),
        await cache.atouch("x", 5),
        await cache.ahas_key("x"),
    )
    print(
        await cache.aget_or_set("made", lambda: 8),
        await cache.aincr("made", 2),
        await cache.adecr("made"),
        await cache.aget_many(["made", "x", "w"]),
    )
    print(
        await cache.aset_many({"p": 1, "q": 2}),
        await cache.adelete_many(["p", "w"]),
        await cache.adelete("q"),
        await cache.adelete("q"),
    )
    print(await cache.aincr_version("x"), await cache.aget("x"), await cache.aget("x", version=2))
    await cache.aclear()
    print(await cache.aget("x", version=2))


for name in caches:
    one = caches[name]
    print(name)
    print(
        one.set("a", [1, 2]),
        one.add("a", 3),
        one.add("b", 3, 100),
        one.get("a"),
        one.touch("a", 50),
        one.touch("zz"),
        one.delete("b"),
        one.delete("b"),
        one.has_key("a"),
    )
    one.set("old", 1, -1)
    print(one.get("old"), "old" in one, one.touch("old"))
    one.set("old", 1, -1)
    print(one.add("old", 2), one.get("old"))
    one.set("short", 1, 0)
    print(one.get("short", "gone"))
    one.set("n", 1, None)
    print(one.incr("n", 5), one.get_or_set("z", lambda: 3), one.get_many(["n", "z", "nope"]), one.get_many([]))
    try:
        one.incr("nope")
    except ValueError as e:
        print("not found" in str(e))
    one.clear()
    print(one.get_many(["a", "n", "z"]))
    for i in range(8):
        one.set(f"k{i}", i)
    left = [one.get(f"k{i}") is not None for i in range(8)]
    print(left if name == "default" else (sum(left) <= 5, left[-1]))
    one.clear()
    asyncio.run(later(one))
with transaction.atomic():
    cache.set("kept", 1)
try:
    with transaction.atomic():
        cache.set("rolled", 1)
        cache.add("kept", 3)
        print(cache.get("kept"))
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
print(cache.get("rolled"), cache.get("kept"))
print(cache.get("kept", "gone"))
cache.set("for_django", (1, "é"), None)
caches["files"].set("for_django", (1, "é"), None)
