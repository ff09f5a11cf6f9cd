"""Values kept in this process: for a while, by version, in both forms; and the caches that settings name."""

from __future__ import annotations

import asyncio
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orm.caching import (
    BaseCache,
    CacheKeyWarning,
    Caches,
    DummyCache,
    FileBasedCache,
    InvalidCacheBackendError,
    LocMemCache,
)
from orm.caching.fragments import make_template_fragment_key


@pytest.fixture
def cache(request: pytest.FixtureRequest) -> LocMemCache:
    return LocMemCache(request.node.nodeid, {})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the time on, by seconds."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def test_values_are_kept_and_forgotten(cache: LocMemCache) -> None:
    cache.set("a", {"x": [1]})
    value = cache.get("a")
    value["x"].append(2)
    assert cache.get("a") == {"x": [1]}  # nobody changes what another gets
    assert "a" in cache and cache.has_key("a")
    assert (cache.add("a", 2), cache.add("b", 2)) == (False, True)
    assert cache.get_many(["a", "b", "c"]) == {"a": {"x": [1]}, "b": 2}
    assert (cache.delete("a"), cache.delete("a")) == (True, False)
    assert (cache.get("a"), cache.get("a", "none")) == (None, "none")
    cache.set_many({"c": None, "d": 1})
    assert cache.get("c", "missing") is None
    cache.delete_many(["c", "d"])
    cache.clear()
    assert cache.get_many(["a", "b", "c", "d"]) == {}


def test_values_end(cache: LocMemCache, clock: Callable[[float], None]) -> None:
    cache.set("usual", 1)
    cache.set("short", 1, 10)
    cache.set("ever", 1, None)
    cache.set("never", 1, 0)
    assert cache.get("never") is None
    assert cache.touch("short", 20) is True
    clock(15)
    assert cache.get("short") == 1
    clock(10)
    assert (cache.get("short"), cache.touch("short")) == (None, False)
    clock(300)
    assert (cache.get("usual"), cache.get("ever")) == (None, 1)


def test_numbers_are_counted(cache: LocMemCache) -> None:
    cache.set("n", 1)
    assert (cache.incr("n"), cache.incr("n", 5), cache.decr("n", 2)) == (2, 7, 5)
    with pytest.raises(ValueError, match="Key ':1:m' not found"):
        cache.incr("m")
    workers = [threading.Thread(target=lambda: [cache.incr("n") for _ in range(200)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert cache.get("n") == 805


def test_versions_are_apart(cache: LocMemCache) -> None:
    cache.set("a", 1)
    cache.set("a", 2, version=2)
    assert (cache.get("a"), cache.get("a", version=2)) == (1, 2)
    assert cache.incr_version("a", version=2) == 3
    assert (cache.get("a", version=2), cache.get("a", version=3)) == (None, 2)
    assert cache.decr_version("a", version=3) == 2
    with pytest.raises(ValueError, match="not found"):
        cache.incr_version("b")


def test_what_is_missing_is_made_once(cache: LocMemCache) -> None:
    made = []

    def make() -> int:
        made.append(1)
        return 7

    assert (cache.get_or_set("a", make), cache.get_or_set("a", make), len(made)) == (7, 7, 1)
    assert cache.get_or_set("b", None) is None


def test_the_least_used_go_first(request: pytest.FixtureRequest) -> None:
    cache = LocMemCache(request.node.nodeid, {"OPTIONS": {"MAX_ENTRIES": 4, "CULL_FREQUENCY": 2}})
    for name in "abcd":
        cache.set(name, 1)
    cache.get("a")
    cache.set("e", 1)
    assert sorted(cache.get_many("abcde")) == ["a", "d", "e"]


def test_awaitable_forms_do_the_same(cache: LocMemCache) -> None:
    async def scenario() -> Any:
        await cache.aset("a", 1)
        await cache.aset_many({"b": 2})
        return (
            await cache.aget("a"), await cache.aadd("a", 2), await cache.ahas_key("b"), await cache.aincr("a"),
            await cache.adecr("a"), await cache.aget_many(["a", "b"]), await cache.aget_or_set("c", 3),
            await cache.atouch("c"), await cache.aincr_version("c"), await cache.adecr_version("c", version=2),
            await cache.adelete("c"), await cache.adelete_many(["b"]), await cache.aclear(), await cache.aclose(),
            await cache.aget("a"),
        )  # fmt: skip

    assert asyncio.run(scenario()) == (
        1, False, True, 2, 1, {"a": 1, "b": 2}, 3, True, 2, 1, True, None, None, None, None,
    )  # fmt: skip


def test_a_cache_that_keeps_nothing() -> None:
    cache = DummyCache("", {})
    cache.set("a", 1)
    assert (cache.get("a", 5), cache.add("a", 1), cache.delete("a"), cache.touch("a")) == (5, True, False, False)


def test_keys_that_other_caches_would_not_take(cache: LocMemCache) -> None:
    for key in ("a b", "x" * 260, "tab\t"):
        with pytest.warns(CacheKeyWarning):
            cache.set(key, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.set("é", 1)


def test_caches_by_alias() -> None:
    given = {
        "default": {"BACKEND": "orm.caching.LocMemCache", "LOCATION": "one", "KEY_PREFIX": "p", "TIMEOUT": None},
        "same": {"BACKEND": LocMemCache, "LOCATION": "one", "KEY_PREFIX": "p"},
        "apart": {"BACKEND": LocMemCache, "LOCATION": "one", "KEY_FUNCTION": lambda key, prefix, version: f"own-{key}"},
        "wrong": {"BACKEND": "orm.caching.Nothing"},
        "none": {},
    }
    caches = Caches(lambda: given)
    caches["default"].set("a", 1)
    assert (caches["same"].get("a"), caches["apart"].get("a")) == (1, None)
    assert caches["default"] is caches["default"]
    assert caches.all(initialized_only=True) == [caches["default"], caches["same"], caches["apart"]]
    caches.close_all()
    for alias, said in (("wrong", "Could not find backend"), ("nowhere", "doesn't exist"), ("none", "no BACKEND")):
        with pytest.raises(InvalidCacheBackendError, match=said):
            caches[alias]


def test_one_of_a_projects_own_has_to_be_whole() -> None:
    cache = BaseCache({})
    for call in (lambda: cache.get("a"), lambda: cache.set("a", 1), cache.clear):
        with pytest.raises(NotImplementedError, match="subclasses of BaseCache"):
            call()


@pytest.mark.parametrize(
    ("name", "vary_on", "expected"),
    [
        ("side", None, "template.cache.side.d41d8cd98f00b204e9800998ecf8427e"),
        ("side", ["a", 1, None], "template.cache.side.962165302db5ecb4979cc01ba3676d81"),
        ("x", ("ü",), "template.cache.x.129c952521cb060bd8a14f73201e3ef6"),
    ],
)
def test_the_key_of_a_part_of_a_page_is_djangos(name: str, vary_on: Any, expected: str) -> None:
    assert make_template_fragment_key(name, vary_on) == expected


def test_an_empty_file_of_a_cache_is_a_value_that_has_ended(tmp_path: Path) -> None:
    cache = FileBasedCache(str(tmp_path), {})
    cache.set("a", 1)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"")
    assert cache.get("a", "none") == "none"
    assert not file.exists()


def test_all_folders_that_a_cache_makes_are_its_owners_alone(tmp_path: Path) -> None:
    FileBasedCache(str(tmp_path / "outer" / "inner"), {}).set("a", 1)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("outer", "outer/inner")] == [0o700, 0o700]
