"""Run-time parameters of sessions on PostgreSQL: as libpq has them, and as Django's OPTIONS do, with both drivers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import orm
from orm import databases
from orm.bridge import run
from orm.db.djangos_form import databases_in_core_form
from orm.db.url import DatabaseURL
from orm.errors import ImproperlyConfigured, OperationalError


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


def test_what_psycopg_takes_besides(postgresql_url: str, tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("*:*:*:*:secret\n", encoding="utf-8")
    passwords.chmod(0o600)
    given: dict[str, Any] = {"passfile": str(passwords), "target_session_attrs": "read-write", "gssencmode": "disable"}
    given |= {"channel_binding": "prefer", "ssl_min_protocol_version": "TLSv1.2", "sslmode": "prefer"}
    given |= {"sslcompression": 0, "client_encoding": "LATIN1", "prepare_threshold": 5, "tcp_user_timeout": 10000}
    configured(postgresql_url, fallback_application_name="shop", **given)
    assert both("application_name") == ["shop", "shop"]
    assert both("client_encoding") == ["UTF8", "UTF8"]
    assert databases["default"].url.options["tcp_user_timeout"] == "10.0"


def test_a_server_of_another_kind_is_not_taken(postgresql_url: str) -> None:
    configured(postgresql_url, target_session_attrs="standby")
    with pytest.raises(OperationalError):
        both("search_path")


@pytest.mark.parametrize("name", ["sslmode", "gssencmode", "channel_binding", "target_session_attrs"])
def test_a_value_that_libpq_does_not_have(postgresql_url: str, name: str) -> None:
    configured(postgresql_url, **{name: "bogus"})
    with pytest.raises(ImproperlyConfigured, match=f"'{name}' is one of .*, not 'bogus'"):
        both("search_path")


def test_what_asyncpg_can_not_require(postgresql_url: str) -> None:
    configured(postgresql_url, gssencmode="require")
    with pytest.raises(ImproperlyConfigured, match="gssencmode=require can't be had with asyncpg"):
        asyncio.run(databases["default"].fetch("SELECT 1"))


def test_a_service_says_what_the_settings_do_not(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = DatabaseURL.parse(postgresql_url)
    file = tmp_path / "services"
    said = {"host": at.host, "port": at.port or 5432, "user": at.user, "password": at.password, "dbname": "nowhere"}
    lines = [f"{name}={value}" for name, value in said.items() if value]
    file.write_text("# ours\n[shop]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    entry = {"ENGINE": "django.db.backends.postgresql", "NAME": at.database}
    orm.configure(databases_in_core_form({"default": {**entry, "OPTIONS": {"service": "shop"}}}))
    assert both("search_path") == ['"$user", public'] * 2
    orm.configure(databases_in_core_form({"default": {**entry, "OPTIONS": {"service": "shap"}}}))
    with pytest.raises(ImproperlyConfigured, match="no service file has the PostgreSQL service 'shap'"):
        both("search_path")


def test_the_names_of_psycopgs_pool(postgresql_url: str) -> None:
    configured(postgresql_url, pool={"min_size": 1, "max_size": 3, "timeout": 4, "max_idle": 60, "num_workers": 2})
    pool = databases["default"].url.pool
    assert (pool.min_size, pool.max_size, pool.acquire_timeout, pool.idle_timeout) == (1, 3, 4.0, 60.0)
