"""Stores of sessions: values, keys, ends and rows, in both colours on every database."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.compat.django import timezone
from orm.compat.django.sessions.base import SessionBase
from orm.compat.django.sessions.db import SessionStore
from orm.compat.django.sessions.errors import CreateError, UpdateError
from orm.contrib.sessions.models import Session

KEY = "a secret of the tests"
BY_DJANGO = "eyJhIjpbMSwiXHUwMGU5Il19:1xXgZP:sqiudByQSDuZw4LTrcF1vOFWkgKP0zUMiGKRX7FlFr8"


@pytest.fixture(autouse=True)
def signed() -> Iterator[None]:
    """Signatures have a key."""
    orm.configure(secret_key=KEY)
    yield
    orm.configure(secret_key="", secret_key_fallbacks=[])


def test_what_is_saved_is_read(database: Any) -> None:
    session = SessionStore()
    assert (session.session_key, session.is_empty(), session.accessed, session.modified) == (None, True, False, False)
    session["a"] = {"b": [1, "é"]}
    session.save()
    key = session.session_key
    assert key is not None and len(key) == 32 and session.exists(key) and not session.exists("none")
    read = SessionStore(key)
    assert (read["a"], "a" in read, read.get("z", 3), read.modified) == ({"b": [1, "é"]}, True, 3, False)
    assert (read.pop("a"), read.setdefault("n", 2), read.modified) == ({"b": [1, "é"]}, 2, True)
    read.update({"u": 1})
    read.save()
    assert dict(SessionStore(key).items()) == {"n": 2, "u": 1} == Session.objects.get(pk=key).get_decoded()
    with pytest.raises(KeyError):
        read.pop("a")


async def test_awaitable_forms(database: Any) -> None:
    session = SessionStore()
    await session.aupdate({"a": 1})
    await session.asave()
    key = session.session_key
    assert key is not None and await session.aexists(key)
    read = SessionStore(key)
    assert await read.aget("a") == 1 and await read.ahas_key("a") and list(await read.aitems()) == [("a", 1)]
    assert await read.apop("a") == 1 and await read.asetdefault("z", 3) == 3
    await read.aupdate({"y": 1})
    await read.aset_expiry(50)
    assert await read.aget_expiry_age() == 50 and not await read.aget_expire_at_browser_close()
    await read.acycle_key()
    assert read.session_key != key and not await read.aexists(key)
    assert dict(await SessionStore(read.session_key).aitems()) == {"z": 3, "y": 1, "_session_expiry": 50}
    await read.aset_test_cookie()
    assert await read.atest_cookie_worked()
    await read.aflush()
    assert read.session_key is None and await Session.objects.acount() == 0


def test_ends(database: Any) -> None:
    session = SessionStore()
    assert session.get_expiry_age() == 1209600 and not session.get_expire_at_browser_close()
    session.set_expiry(0)
    assert session.get_expire_at_browser_close() and session.get_expiry_age() == 1209600
    session.set_expiry(datetime.timedelta(hours=1))
    assert 3590 < session.get_expiry_age() <= 3600 and isinstance(session["_session_expiry"], str)
    session.set_expiry(None)
    assert "_session_expiry" not in session
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert session.get_expiry_age(modification=start, expiry=start + datetime.timedelta(days=1)) == 86400
    assert session.get_expiry_date(modification=start, expiry=60) == start + datetime.timedelta(minutes=1)


def test_what_has_ended_is_not_read(database: Any) -> None:
    old = SessionStore()
    old["old"] = 1
    old.set_expiry(-100)
    old.save()
    new = SessionStore()
    new.create()
    again = SessionStore(old.session_key)
    assert (dict(again.items()), again.session_key) == ({}, None)
    SessionStore.clear_expired()
    assert list(Session.objects.values_list("pk", flat=True)) == [new.session_key]


def test_a_key_that_is_taken_and_a_session_that_is_gone(database: Any) -> None:
    first = SessionStore()
    first.create()
    second = SessionStore(first.session_key)
    with pytest.raises(CreateError):
        second.save(must_create=True)
    second["a"] = 1
    SessionStore().delete(first.session_key)
    with pytest.raises(UpdateError):
        second.save()
    assert SessionStore("short").session_key is None


def test_only_what_was_signed_with_a_known_key_is_read(database: Any) -> None:
    written = SessionStore().encode({"a": [1, "é"]})
    assert SessionStore().decode(written) == {"a": [1, "é"]}
    orm.configure(secret_key="another")
    assert SessionStore().decode(written) == {}
    orm.configure(secret_key_fallbacks=[KEY])
    assert SessionStore().decode(written) == {"a": [1, "é"]}
    assert SessionStore().decode("") == {}


def test_what_django_wrote_is_read() -> None:
    """The text is what Django 5.2 has written for these values with this key."""
    assert SessionStore().decode(BY_DJANGO) == {"a": [1, "é"]}


def test_a_row_by_the_manager(database: Any) -> None:
    end = timezone.now() + datetime.timedelta(days=1)
    assert Session.objects.save("k" * 32, {"m": 1}, end).get_decoded() == {"m": 1}
    assert SessionStore("k" * 32)["m"] == 1
    Session.objects.save("k" * 32, {}, end)
    assert Session.objects.count() == 0


async def test_a_store_of_a_programs_own_is_blocking_code_alone() -> None:
    """The awaitable forms call what a subclass gives."""
    kept: dict[str, dict[str, Any]] = {}

    class Store(SessionBase):
        def exists(self, session_key: str) -> bool:
            return session_key in kept

        def create(self) -> None:
            self._session_key = self._get_new_session_key()
            self.save(must_create=True)

        def save(self, must_create: bool = False) -> None:
            if self.session_key is None:
                self.create()
            else:
                kept[self.session_key] = dict(self._get_session(no_load=must_create))

        def load(self) -> dict[str, Any]:
            return kept[str(self.session_key)]

    session = Store()
    await session.aupdate({"a": 1})
    await session.asave()
    assert kept == {session.session_key: {"a": 1}} and await Store(session.session_key).aget("a") == 1
    with pytest.raises(NotImplementedError, match="clear_expired"):
        await Store.aclear_expired()
