"""Database URLs, Django's dictionaries and the settings, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orm import config
from orm.config import Settings, configure
from orm.db.registry import backend_for, databases, register_backend
from orm.db.url import DatabaseURL, PoolOptions
from orm.epoch import epoch
from orm.errors import ConnectionDoesNotExist, ImproperlyConfigured


def test_one_database_in_place_of_databases_by_alias(fresh: Settings) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"by alias, and this is one database: write \{'default': \{\.\.\.\}\}"
    ):
        configure({"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"})


@pytest.mark.parametrize(
    ("text", "scheme", "database"),
    [
        ("sqlite:///a/b.db", "sqlite", "a/b.db"),
        ("sqlite:////abs/b.db", "sqlite", "/abs/b.db"),
        ("sqlite://:memory:", "sqlite", ":memory:"),
        ("sqlite:///:memory:", "sqlite", ":memory:"),
        ("sqlite:///with%20space.db", "sqlite", "with space.db"),
        ("postgresql:///test", "postgresql", "test"),
    ],
)
def test_files_and_memory(text: str, scheme: str, database: str) -> None:
    url = DatabaseURL.parse(text)
    assert (url.scheme, url.database, url.host) == (scheme, database, "")


def test_every_part_of_a_server_url() -> None:
    url = DatabaseURL.parse(
        "PostgreSQL://ann:p%40ss%2Fw:rd@db.example:6432/shop?max_size=3&acquire_timeout=1.5&sslmode=no"
    )
    assert (url.user, url.password, url.host, url.port, url.database) == (
        "ann", "p@ss/w:rd", "db.example", 6432, "shop"
    )  # fmt: skip
    assert url.pool == PoolOptions(max_size=3, acquire_timeout=1.5)
    assert url.options == {"sslmode": "no"}
    assert DatabaseURL.parse("postgresql://[::1]:5433/x").host == "::1"


def test_the_password_is_never_shown() -> None:
    url = DatabaseURL.parse("postgresql://ann:hunter2@h/n?sslpassword=hunter2")
    assert "hunter2" not in f"{url} {url!r}".replace("'sslpassword': 'hunter2'", "")
    assert "hunter2" not in str(url)
    for wrong in ("postgresql://ann:hunter2@h:port/n", "postgresql://ann:hunter2/x@h/n", "hunter2", "://ann:hunter2@h"):
        with pytest.raises(ImproperlyConfigured) as caught:
            DatabaseURL.parse(wrong)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("file.db", "looks like"),
        ("sqlite:///x?max_size=0", "max_size is 0"),
        ("sqlite:///x?max_size=ten", "max_size is a number"),
        ("sqlite:///x?min_size=11", "between 0 and max_size"),
        ("sqlite:///x?acquire_timeout=0", "above 0"),
        ("sqlite:///x?a=1&a=2", "given twice"),
        ({"NAME": "x"}, "needs ENGINE"),
        ({"ENGINE": "x.sqlite3", "NAM": "x"}, "Did you mean NAME"),
        ({"ENGINE": "x.sqlite3", "ATOMIC_REQUESTS": True}, "ATOMIC_REQUESTS is offered here only as False"),
        (7, "not int"),
    ],
)
def test_what_is_wrong_is_said(wrong: Any, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        DatabaseURL.parse(wrong)


def test_django_dictionaries() -> None:
    url = DatabaseURL.parse(
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "shop",
            "USER": "ann",
            "PASSWORD": "p@ss",
            "HOST": "h",
            "PORT": "5433",
            "CONN_MAX_AGE": 60,
            "OPTIONS": {"sslmode": "require", "application_name": None, "pool": {"max_size": 4}},
        }
    )
    assert url == DatabaseURL(
        "postgresql", "ann", "p@ss", "h", 5433, "shop", {"sslmode": "require"}, PoolOptions(max_size=4, max_lifetime=60)
    )
    assert DatabaseURL.parse({"ENGINE": "django.db.backends.sqlite3", "NAME": Path("x.db")}).scheme == "sqlite3"


def test_unknown_options_and_schemes_name_the_near_ones() -> None:
    with pytest.raises(ImproperlyConfigured, match="no option 'max_sise'.*Did you mean max_size"):
        DatabaseURL.parse("sqlite:///x?max_sise=3").check_options(())
    with pytest.raises(
        ImproperlyConfigured, match=r"No backend for postgresq:// .*Did you mean postgresql.*a package of its own"
    ):
        backend_for("postgresq")


def test_a_scheme_with_a_drivers_name_says_that_it_goes_without() -> None:
    with pytest.raises(ImproperlyConfigured, match="Write postgresql://, without the name of a driver"):
        backend_for("postgresql+asyncpg")


def test_a_backend_needs_a_driver_and_a_scheme() -> None:
    sqlite = backend_for("sqlite")
    for changes, said in (({"schemes": ()}, "no URL scheme"), ({"awaitable": None, "blocking": None}, "no driver")):
        wrong = type(sqlite)(**{**sqlite._asdict(), **changes})
        with pytest.raises(ImproperlyConfigured, match=said):
            register_backend(wrong)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings that have read nothing yet, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings = Settings()
    monkeypatch.setattr(config, "settings", settings)
    monkeypatch.setattr(epoch, "_listeners", [])
    return settings


def test_defaults_file_environment_and_call(fresh: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm]\ntime_zone = "Europe/Berlin"\ndatabases = {other = "sqlite:///o.db", default = "sqlite:///f.db"}\n'
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///env.db")
    assert fresh.databases == {"other": "sqlite:///o.db", "default": "sqlite:///env.db"}
    assert (fresh.time_zone, fresh.use_tz) == ("Europe/Berlin", True)
    configure("sqlite:///call.db", use_tz=False)
    assert fresh.databases == {"default": "sqlite:///call.db"}
    assert (fresh.time_zone, fresh.use_tz) == ("Europe/Berlin", False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"use_tx": True}, "no setting 'use_tx'.*Did you mean use_tz"),
        ({"use_tz": "yes"}, "use_tz in configure.. is a bool, not str"),
        ({"time_zone": "Mars/Phobos"}, "no such time zone"),
        ({"installed_apps": "app"}, "a list of module names, not str"),
    ],
)
def test_wrong_settings(fresh: Settings, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        configure(**options)
    assert (fresh.use_tz, fresh.time_zone, fresh.installed_apps) == (True, "UTC", ())


def test_settings_are_not_assigned(fresh: Settings) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"orm.configure\(use_tz"):
        fresh.use_tz = False
    with pytest.raises(ImproperlyConfigured, match="no setting 'use_tzz'"):
        _ = fresh.use_tzz


def test_a_broken_project_file_is_named(fresh: Settings, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.orm\n")
    with pytest.raises(ImproperlyConfigured, match=r"pyproject\.toml can't be read"):
        _ = fresh.use_tz


def test_an_unknown_alias() -> None:
    with pytest.raises(ConnectionDoesNotExist, match="The connection 'elsewhere' doesn't exist"):
        _ = databases["elsewhere"]


def test_a_scheme_that_is_like_none_is_not_taken_for_one() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"No backend for mysql:// is installed\. Known: .*sqlite"):
        backend_for("mysql")
