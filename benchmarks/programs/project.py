"""Writes projects in Django's form, which run under Django and, with ``orm run``, under Duotone, without a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

MODELS: Final = 10
"""Of each app of a history, which has fifty migrations at most."""
SETTINGS: Final = """\
from pathlib import Path

SECRET_KEY = "benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = {apps!r}
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parent / "db.sqlite3"}}}}
"""
MANAGE: Final = """\
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
SCRIPT: Final = """\
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from stock.models import Shelf, Thing

shelf, _ = Shelf.objects.get_or_create(name="Top")
Thing.objects.create(name="Jar", shelf=shelf, size=3, made="2024-01-31", price="1.50", seen="2024-01-31T10:00:00Z")
for thing in Thing.objects.select_related("shelf").filter(size__gt=1).order_by("-id")[:3]:
    print(thing.name, thing.shelf.name)
"""
STOCK: Final = """\
from django.db import models


class Shelf(models.Model):
    name = models.CharField(max_length=100)


class Thing(models.Model):
    name = models.CharField(max_length=100)
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="things")
    size = models.IntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    made = models.DateField()
    seen = models.DateTimeField()
    kept = models.BooleanField(default=True)
    note = models.TextField(null=True)
"""


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files by their names under a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def stock(folder: Path, rows: int) -> None:
    """Write a project of two models, with a script, and a fixture of so many rows on a hundred shelves."""
    write(
        folder,
        {
            "settings.py": SETTINGS.format(apps=["stock"]),
            "manage.py": MANAGE,
            "script.py": SCRIPT,
            "stock/__init__.py": "",
            "stock/models.py": STOCK,
        },
    )
    shelves = [{"model": "stock.shelf", "pk": key, "fields": {"name": f"Shelf {key}"}} for key in range(1, 101)]
    things = [{"model": "stock.thing", "pk": key, "fields": thing(key)} for key in range(1, rows + 1)]
    (folder / "rows.json").write_text(json.dumps([*shelves, *things]), encoding="utf-8")


def thing(key: int) -> dict[str, object]:
    """The fields of one row of the fixture."""
    day = f"2024-{1 + key % 12:02}-{1 + key % 28:02}"
    return {
        "name": f"Thing {key}",
        "shelf": 1 + key % 100,
        "size": key % 1_000,
        "price": f"{key % 10_000}.25",
        "made": day,
        "seen": f"{day}T{key % 24:02}:15:00Z",
        "kept": key % 3 == 0,
        "note": None if key % 2 else f"The note of thing {key}.",
    }


def history(folder: Path, apps: int, migrations: int) -> None:
    """Write a project of so many apps of ten models each, and their migrations, told apart among the apps."""
    names = [f"app{number:02}" for number in range(apps)]
    write(folder, {"settings.py": SETTINGS.format(apps=names), "manage.py": MANAGE})
    for number, name in enumerate(names):
        before = names[number - 1] if number else None
        write(folder / name, app(name, before, migrations // apps + (number < migrations % apps)))


def app(name: str, before: str | None, count: int) -> dict[str, str]:
    """The files of one app: models that refer to those of the app before, and ``count`` migrations that lead there."""
    fields = {f"Model{number}": columns(name, before, number) for number in range(MODELS)}
    created = "".join(
        f"        migrations.CreateModel(\n            name={model!r},\n            fields=[\n"
        + f"                ('id', {KEY}),\n"
        + "".join(f"                ({column!r}, {field}),\n" for column, field in found.items())
        + "            ],\n        ),\n"
        for model, found in fields.items()
    )
    files = {"__init__.py": "", "migrations/__init__.py": ""}
    files["migrations/0001_initial.py"] = migration([(before, "0001_initial")] if before else [], created)
    last = "0001_initial"
    for number in range(2, count + 1):
        model = f"Model{number % MODELS}"
        operation = change(model, number, fields[model])
        files[f"migrations/{number:04}_change.py"] = migration([(name, last)], f"        {operation},\n")
        last = f"{number:04}_change"
    files["models.py"] = "from django.db import models\n" + "".join(
        f"\n\nclass {model}(models.Model):\n" + "".join(f"    {column} = {field}\n" for column, field in found.items())
        for model, found in fields.items()
    )
    return files


KEY: Final = "models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')"


def columns(name: str, before: str | None, number: int) -> dict[str, str]:
    """The fields that a model begins with, as source."""
    target = f"{before}.Model{number}" if before else f"{name}.Model{(number + 1) % MODELS}"
    return {
        "name": "models.CharField(max_length=100)",
        "made": "models.DateTimeField(auto_now_add=True)",
        "amount": "models.IntegerField(default=0)",
        "other": f"models.ForeignKey({target!r}, null=True, on_delete=models.CASCADE, related_name='+')",
    }


def change(model: str, number: int, fields: dict[str, str]) -> str:
    """One operation on a model, as source; ``fields`` becomes what it is afterwards."""
    kind = number // MODELS % 3
    if kind == 0:
        fields[f"size_{number}"] = "models.IntegerField(default=0)"
        return f"migrations.AddField({model!r}, 'size_{number}', {fields[f'size_{number}']})"
    if kind == 1:
        fields["name"] = f"models.CharField(max_length={100 + number})"
        return f"migrations.AlterField({model!r}, 'name', {fields['name']})"
    fields[f"amount_{number}"] = fields.pop("amount")
    return f"migrations.RenameField({model!r}, 'amount', 'amount_{number}')"


def migration(dependencies: list[tuple[str, str]], operations: str) -> str:
    """The text of a migration's file."""
    return (
        "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
        f"    dependencies = {dependencies!r}\n    operations = [\n{operations}    ]\n"
    )
