"""A managed project, from its first ``migrate`` to its tests: every command prints what it prints under Django, and
leaves the same rows.

``scripts/clinic.txt`` is what Django 5.2 printed, the same on SQLite and PostgreSQL. Where ``DJANGO_PYTHON`` names an
interpreter that has Django, that is compared again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import servers
from tests.compat.test_scripts import OUTER, settings_of

SCRIPTS = Path(__file__).parent / "scripts"
ROWS = """
from django.apps import apps
of_models = {
    "contenttypes.ContentType": ["app_label", "model"],
    "auth.Permission": ["content_type__model", "codename", "name"],
}
for model in sorted(apps.get_models(include_auto_created=True), key=lambda model: model._meta.label):
    names = [field.attname for field in model._meta.concrete_fields]
    names = of_models.get(model._meta.label, [name.replace("content_type_id", "content_type__model") for name in names])
    for row in model._base_manager.order_by(*(names if model._meta.label in of_models else ["pk"])).values_list(*names):
        print(model.__name__, dict(zip(names, row)))
"""
"""Every row; content types and permissions without their keys, which follow from the order of operations."""
SHELL = """
from people.models import Person
from wards.models import Stay, Ward
print(Person.objects.get(name="Ada").get_role_display())
print(Ward.objects.with_free().values_list("code", "free").order_by("code"))
print(Stay.objects.filter(patient__name="Carl", details__room=7).explain() != "", Stay.objects.get(pk=40).left)
print(Person.objects.get(email="root@clinic.org").check_password("secret"))
"""
STEPS: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("makemigrations", "--check", "--dry-run"),
    ("showmigrations", "people", "wards"),
    ("migrate", "wards", "0002"),
    ("occupancy",),
    ("migrate",),
    ("migrate", "wards", "0002"),
    ("showmigrations", "wards"),
    ("migrate", "--verbosity", "0"),
    ("loaddata", "clinic"),
    ("loaddata", "nothing"),
    ("shell", "-v", "0", "-c", "from wards.models import Ward; print(Ward.objects.count())"),
    ("shell", "-v", "2", "--no-imports", "-c", "print('Ward' in dir())"),
    ("createsuperuser", "--no-input", "--email", "root@clinic.org", "--name", "Root"),
    ("admit", "B1", "carl@home.org", "dora@home.org", "--at", "2024-05-06T07:08"),
    ("admit", "B1", "ada@clinic.org", "--at", "2024-05-06T07:08"),
    ("admit", "Q", "eve@home.org", "--at", "2024-05-07"),
    ("admit", "B1", "eve@home.org"),
    ("occupancy", "--days"),
    ("discharge", "2024-05-08 09:10", "--price", "20.25"),
    ("discharge", "2024-05-08 09:10", "-v", "2"),
    ("admit", "A", "eve@home.org", "--at", "2024-05-07", "--dry-run"),
    ("shell", "-c", SHELL),
    ("dumpdata", "wards.ward", "wards.stay", "--natural-foreign", "--natural-primary", "--indent", "1"),
    ("dumpdata", "people.person", "--pks", "1,2", "--format", "jsonl"),
    ("shell", "-c", ROWS),
    ("test", "--noinput", "-v", "0"),
    ("flush", "--no-input"),
    ("shell", "-c", ROWS),
    ("nothing",),
)
HIDDEN = (
    (re.compile(r"in \d+\.\d+s"), "in no time"),
    (re.compile(r"'password': '(?!!')[^']*'|\"password\": \"(?!!\")[^\"]*\""), "'password': '…'"),
    (re.compile(r"^(usage: )\S*manage\.py", re.M), r"\1manage.py"),
)


def transcript(folder: Path, start: Sequence[str], **environment: str) -> str:
    """Run every step in a copy of the project; return what they printed, and how each ended."""
    shutil.copytree(SCRIPTS / "clinic", folder)
    clean = {name: value for name, value in os.environ.items() if name not in OUTER}
    clean |= {"PYTHONDONTWRITEBYTECODE": "1", "DJANGO_SUPERUSER_PASSWORD": "secret", "COLUMNS": "100", **environment}
    said = []
    for step in STEPS:
        done = subprocess.run(
            [*start, "manage.py", *step], cwd=folder, env=clean, capture_output=True, text=True, timeout=120
        )
        shown = " ".join(word if "\n" not in word else "…" for word in step)
        said.append(f"$ manage.py {shown}\n{done.stdout}{done.stderr}= {done.returncode}\n")
    text = "".join(said)
    for pattern, instead in HIDDEN:
        text = pattern.sub(instead, text)
    return text


def expected() -> str:
    return (SCRIPTS / "clinic.txt").read_text(encoding="utf-8")


def test_on_sqlite(tmp_path: Path) -> None:
    assert transcript(tmp_path / "clinic", [sys.executable, "-m", "orm", "run"]) == expected()


def test_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    with servers.scratch_database(postgresql_url) as url:
        assert transcript(tmp_path / "clinic", [sys.executable, "-m", "orm", "run"], **settings_of(url)) == expected()


@pytest.mark.skipif("DJANGO_PYTHON" not in os.environ, reason="DJANGO_PYTHON names no interpreter with Django")
def test_under_django(tmp_path: Path) -> None:
    assert transcript(tmp_path / "clinic", [os.environ["DJANGO_PYTHON"]]) == expected()
