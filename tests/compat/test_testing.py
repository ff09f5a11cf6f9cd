"""``manage.py test``: a project's own tests run, on databases made for them, and say what they say under Django.

``scripts/tested.txt`` is what Django 5.2 printed. Where Django is installed in an environment of its own
(``DJANGO_PYTHON`` names its interpreter), that is compared again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from orm.db.url import DatabaseURL
from tests.compat.test_scripts import run, settings_of

SCRIPTS = Path(__file__).parent / "scripts"
EXPECTED = (SCRIPTS / "tested.txt").read_text(encoding="utf-8")
OUTCOME = "FAILED (failures=1, errors=4, skipped=2, expected failures=1)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, beside whose tests somebody keeps a file under its database's name."""
    return Path(shutil.copytree(SCRIPTS / "tested", tmp_path / "project"))


def manage_test(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(project, "-m", "orm", "run", "manage.py", "test", *arguments, **environment)


def test_on_sqlite(project: Path) -> None:
    done = manage_test(project)
    assert done.stdout == EXPECTED, done.stderr
    assert (done.returncode, OUTCOME in done.stderr) == (1, True), done.stderr
    assert not list(project.glob("*.sqlite3*"))


def test_on_postgresql(project: Path, postgresql_url: str) -> None:
    done = manage_test(project, **settings_of(postgresql_url))
    assert done.stdout == EXPECTED, done.stderr
    assert (done.returncode, OUTCOME in done.stderr) == (1, True), done.stderr
    with psycopg.connect(postgresql_url) as session:
        left = session.execute("SELECT datname FROM pg_database WHERE datname = 'test_' || current_database()")
        assert left.fetchall() == []
        assert session.execute("SELECT to_regclass('shop_item')").fetchone() == (None,)


@pytest.mark.skipif("DJANGO_PYTHON" not in os.environ, reason="DJANGO_PYTHON names no interpreter with Django")
def test_under_django(project: Path) -> None:
    done = subprocess.run(
        [os.environ["DJANGO_PYTHON"], "manage.py", "test"], cwd=project, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == EXPECTED, done.stderr
    assert (done.returncode, OUTCOME in done.stderr) == (1, True), done.stderr


def test_labels_tags_and_names_choose_tests(project: Path) -> None:
    assert "Found 1 test(s)." in manage_test(project, "shop.tests.B_Class.test_a").stdout
    assert "Found 7 test(s)." in manage_test(project, "shop.tests.B_Class").stdout
    assert "Found 1 test(s)." in manage_test(project, "shop", "--tag", "slow").stdout
    assert "tagged" not in manage_test(project, "--exclude-tag", "x", "-k", "H_Tagged").stdout
    assert "Found 1 test(s)." in manage_test(project, "-k", "test_f_commit").stdout


def test_a_configured_database_is_never_the_one_of_tests(project: Path, postgresql_url: str) -> None:
    name = DatabaseURL.parse(postgresql_url).database
    settings = project / "settings.py"
    settings.write_text(
        settings.read_text() + f"\nDATABASES['other'] = {{**DATABASES['default'], 'NAME': 'test_{name}'}}\n"
    )
    done = manage_test(project, "--noinput", **settings_of(postgresql_url))
    assert f"would be 'test_{name}', which 'other' is configured as: it would be dropped" in done.stderr


def test_a_mirror_is_the_database_it_mirrors(project: Path) -> None:
    settings = project / "settings.py"
    settings.write_text(settings.read_text() + "\nDATABASES['other']['TEST'] = {'MIRROR': 'default'}\n")
    (project / "shop" / "tests.py").write_text(
        "from django.test import TransactionTestCase\n"
        "from shop.models import Item\n"
        "class Mirrored(TransactionTestCase):\n"
        "    databases = {'default', 'other'}\n"
        "    def test(self):\n"
        "        Item.objects.create(name='one')\n"
        "        self.assertEqual(Item.objects.using('other').count(), 1)\n"
    )
    done = manage_test(project)
    assert done.returncode == 0, done.stderr


def test_what_is_not_offered_is_refused(project: Path) -> None:
    assert "Tests are run in one process" in manage_test(project, "--parallel", "2").stderr
    assert "Test databases are made anew for each run" in manage_test(project, "--keepdb").stderr


def test_what_needs_a_request_can_be_imported_and_not_used(project: Path) -> None:
    code = (
        "from orm.compat.django import install; install()\n"
        "from django.test import Client, RequestFactory, LiveServerTestCase\n"
        "RequestFactory().get('/')\n"
    )
    assert "django.test.RequestFactory().get is used here" in run(project, "-c", code).stderr
