"""DATABASES as Django has them: what is told in Duotone's words, what changes nothing, and what is passed over."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

import orm
from orm import databases
from orm.bridge import run
from orm.db.djangos_form import databases_in_core_form
from orm.db.url import DatabaseURL
from orm.errors import ImproperlyConfigured, OperationalError


def told(name: str = ":memory:", **options: Any) -> DatabaseURL:
    """A SQLite database of Django's form, as it is read."""
    given = {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    return DatabaseURL.parse((databases_in_core_form({"default": given}) or {})["default"])


@pytest.mark.parametrize(
    "options",
    [
        *({"check_same_thread": False}, {"check_same_thread": True}, {"detect_types": 3}, {"uri": True}),
        *({"isolation_level": "IMMEDIATE"}, {"isolation_level": None}, {"prepare_threshold": 5}),
    ],
)
def test_what_drivers_are_told_by_django_in_any_case(options: dict[str, Any]) -> None:
    url = told(**options)
    url.check_options(())
    assert url.options == {}


def test_an_option_has_the_name_it_has_here() -> None:
    assert told(cached_statements=64).options == {"statement_cache_size": "64"}


def test_another_value_of_an_option_that_is_always_so_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="no option 'detect_types'"):
        told(detect_types=0).check_options(())


@pytest.mark.parametrize(
    ("uri", "database", "options"),
    [
        ("file:a.db", "a.db", {}),
        ("file:a%20b.db?mode=ro", "a b.db", {"mode": "ro"}),
        ("file:/srv/a.db?mode=rw&cache=shared", "/srv/a.db", {"mode": "rw"}),
        ("file:///srv/a.db", "/srv/a.db", {}),
        ("file://localhost/srv/a.db#top", "/srv/a.db", {}),
        ("file::memory:?cache=shared", ":memory:", {}),
        ("file:shop?mode=memory&cache=shared", ":memory:", {"name": "shop"}),
        ("file:a.db?immutable=1", "a.db", {"immutable": "1"}),
    ],
)
def test_a_uri_names_a_file_or_a_memory(uri: str, database: str, options: dict[str, str]) -> None:
    url = told(uri)
    assert (url.database, url.options) == (database, options)


def test_a_file_of_a_uri_that_may_not_be_written(tmp_path: Path) -> None:
    form = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"file:{tmp_path / 'a.db'}?mode=rwc"}
    orm.configure(databases_in_core_form({"default": form}))
    run(databases["default"].execute("CREATE TABLE a (id integer)"))
    orm.configure(databases_in_core_form({"default": {**form, "NAME": f"file:{tmp_path / 'a.db'}?mode=ro"}}))
    with pytest.raises(OperationalError, match="mode=ro"):
        run(databases["default"].execute("INSERT INTO a VALUES (1)"))


def test_a_zone_of_its_own_is_refused_with_what_to_do() -> None:
    form = {"ENGINE": "django.db.backends.sqlite3", "NAME": "a.db"}
    for zone in (None, "UTC"):
        DatabaseURL.parse({**form, "TIME_ZONE": zone})
    with pytest.raises(ImproperlyConfigured, match="only as 'UTC'.*AT TIME ZONE"):
        DatabaseURL.parse({**form, "TIME_ZONE": "Asia/Tokyo"})


def test_a_key_that_django_does_not_know_is_passed_over_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    form = {"ENGINE": "django.db.backends.sqlite3", "NAME": "a.db", "DISABLE_SERVER_SIDE_CURSORS": True, "SCHEMA": "x"}
    with caplog.at_level(logging.WARNING, "orm.settings"):
        found = databases_in_core_form({"default": form})
    assert found == {"default": {"ENGINE": form["ENGINE"], "NAME": "a.db"}}
    assert caplog.messages == ["DATABASES['default'] has a key that Django does not know, which says nothing: 'SCHEMA'"]
