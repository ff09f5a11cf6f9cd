"""Run-time parameters of sessions on PostgreSQL: as libpq has them, and as Django's OPTIONS do, with both drivers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import orm
from orm import databases
from orm.bridge import run
from orm.db.djangos_form import databases_in_core_form
from orm.db.url import DatabaseURL
from orm.errors import ImproperlyConfigured


def both(name: str) -> list[Any]:
    """What a parameter is in a session of the blocking driver, and of the awaitable one."""

    async def shown() -> Any:
        return (await databases["default"].fetch("SELECT current_setting($1)", (name,)))[0][0]

    return [run(shown()), asyncio.run(shown())]


def configured(url: str, **options: Any) -> None:
    at = DatabaseURL.parse(url)
    entry: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "NAME": at.database}
    entry |= {"USER": at.user, "PASSWORD": at.password, "HOST": at.host, "PORT": at.port or 5432}
    orm.configure(databases_in_core_form({"default": {**entry, "OPTIONS": options}}))


def test_parameters_in_libpqs_form(postgresql_url: str) -> None:
    configured(postgresql_url, options="-c statement_timeout=5000 -csearch_path=pg_catalog,public --work_mem=5MB")
    assert both("statement_timeout") == ["5s", "5s"]
    assert both("search_path") == ["pg_catalog,public"] * 2
    assert both("work_mem") == ["5MB", "5MB"]


@pytest.mark.parametrize("text", ["statement_timeout=5", "-c", "-c a", "-c 'a", "-x a=b", "-c a;b=1"])
def test_what_are_no_parameters(postgresql_url: str, text: str) -> None:
    configured(postgresql_url, options=text)
    with pytest.raises(ImproperlyConfigured, match="'options'"):
        both("search_path")


def test_what_django_sets_in_sessions(postgresql_url: str) -> None:
    role = DatabaseURL.parse(postgresql_url).user
    configured(postgresql_url, isolation_level=3, assume_role=role, options="-c work_mem=5MB", pool=True)
    assert both("transaction_isolation") == ["repeatable read"] * 2
    assert both("role") == [role, role]
    assert both("work_mem") == ["5MB", "5MB"]
    configured(postgresql_url, isolation_level="high")
    with pytest.raises(ImproperlyConfigured, match="isolation_level"):
        both("role")
