"""Migrations that Django wrote of models with everything in them: read, compared and run unchanged, written again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.compat.test_manage import Project

PROJECT = Path(__file__).parent / "scripts" / "declared"


@pytest.fixture
def declared(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    return Project(folder)


def test_files_that_django_wrote_lead_to_the_models(declared: Project) -> None:
    assert declared.manage("makemigrations", "--check")[0] == "No changes detected\n"
    out, _ = declared.manage("migrate")
    assert "Applying shop.0001_initial... OK" in out
    assert "Applying other.0002_initial... OK" in out


def test_files_of_our_own_lead_to_the_models_too(declared: Project) -> None:
    for app in ("shop", "other"):
        shutil.rmtree(declared.folder / app / "migrations")
    declared.manage("makemigrations", "shop", "other")
    written = (declared.folder / "shop" / "migrations" / "0001_initial.py").read_text(encoding="utf-8")
    assert "import orm" not in written
    assert declared.manage("makemigrations", "--check")[0] == "No changes detected\n"
    declared.manage("migrate")


COUNTED = """
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=10)
"""


@pytest.fixture
def counted(tmp_path: Path) -> Project:
    """A project with one application, whose models a test writes, and one without migrations."""
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "__init__.py").touch()
    (tmp_path / "proj" / "settings.py").write_text(
        'SECRET_KEY = "x"\nINSTALLED_APPS = ["shop", "plain"]\n'
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}\n'
        'DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"\n',
        encoding="utf-8",
    )
    for app in ("shop/migrations", "plain"):
        (tmp_path / app).mkdir(parents=True)
        (tmp_path / app / "__init__.py").touch()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(COUNTED, encoding="utf-8")
    (tmp_path / "plain" / "models.py").write_text(COUNTED.replace("Item", "Plain"), encoding="utf-8")
    shutil.copy(PROJECT / "manage.py", tmp_path)
    return Project(tmp_path)


def test_commands_say_what_djangos_say(counted: Project) -> None:
    out, _ = counted.manage("makemigrations", "--scriptable")
    assert out == "shop/migrations/0001_initial.py\n"
    assert counted.manage("makemigrations", "nope", status=2)[1] == "No installed app with label 'nope'.\n"
    assert counted.manage("showmigrations")[0] == "shop\n [ ] 0001_initial\n"
    out, _ = counted.manage("migrate", "--run-syncdb")
    assert out.splitlines() == [
        "Operations to perform:",
        "  Synchronize unmigrated apps: plain",
        "  Apply all migrations: shop",
        "Synchronizing apps without migrations:",
        "  Creating tables...",
        "    Creating table plain_plain",
        "    Running deferred SQL...",
        "Running migrations:",
        "  Applying shop.0001_initial... OK",
    ]
    (counted.folder / "shop" / "models.py").write_text(COUNTED + "    size = models.IntegerField(null=True)\n")
    out, _ = counted.manage("migrate")
    assert "Your models in app(s): 'shop' have changes that are not yet reflected in a migration" in out
    out, _ = counted.manage("makemigrations", "-n", "size")
    out, _ = counted.manage("makemigrations", "--merge")
    assert out == "No conflicts detected to merge.\n"
    assert counted.manage("migrate", "shop", "00", status=1)[1] == (
        "CommandError: More than one migration matches '00' in app 'shop'. Please be more specific.\n"
    )
    counted.manage("migrate")
    out, _ = counted.manage("squashmigrations", "shop", "0002", "--noinput")
    assert f"Created new squashed migration {counted.folder}/shop/migrations/0001_squashed_0002_size.py" in out
    assert counted.manage("showmigrations")[0] == (
        "shop\n [-] 0001_squashed_0002_size (2 squashed migrations) Run 'manage.py migrate' to finish recording.\n"
    )
    counted.manage("migrate")
    assert counted.manage("showmigrations")[0] == "shop\n [X] 0001_squashed_0002_size (2 squashed migrations)\n"
    out, _ = counted.manage("migrate", "shop", "zero")
    assert out.splitlines()[:3] == [
        "Operations to perform:",
        "  Unapply all migrations: shop",
        "Running migrations:",
    ]


def test_records_of_migrations_that_are_gone_are_forgotten(counted: Project) -> None:
    counted.manage("makemigrations")
    counted.manage("makemigrations", "--empty", "shop", "-n", "nothing")
    counted.manage("migrate")
    (counted.folder / "shop" / "migrations" / "0002_nothing.py").unlink()
    assert "when an app is specified" in counted.manage("migrate", "--prune", status=1)[1]
    assert counted.manage("migrate", "shop", "--prune")[0] == "Pruning migrations:\n  Pruning shop.0002_nothing OK\n"
    assert counted.manage("migrate", "shop", "--prune")[0] == "Pruning migrations:\n  No migrations to prune.\n"


def test_a_migration_is_made_shorter(counted: Project) -> None:
    counted.manage("makemigrations")
    (counted.folder / "shop" / "migrations" / "0002_back.py").write_text(
        "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
        "    dependencies = [('shop', '0001_initial')]\n    operations = [\n"
        "        migrations.AddField('item', 'size', models.IntegerField(null=True)),\n"
        "        migrations.RemoveField('item', 'size'),\n    ]\n",
        encoding="utf-8",
    )
    out, _ = counted.manage("optimizemigration", "shop", "0002", "--check", status=1)
    assert out == "Optimizing from 2 operations to 0 operations.\n"
    counted.manage("optimizemigration", "shop", "0002")
    assert counted.manage("optimizemigration", "shop", "0002")[0] == "No optimizations possible.\n"


ACCOUNTS = """
from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    nick = models.CharField(max_length=3)
"""


def test_a_user_of_ones_own_is_written_as_django_writes_it(counted: Project) -> None:
    settings = counted.folder / "proj" / "settings.py"
    text = settings.read_text(encoding="utf-8").replace(
        '["shop"', '["django.contrib.contenttypes", "django.contrib.auth", "shop"'
    )
    settings.write_text(text + 'AUTH_USER_MODEL = "shop.Member"\n', encoding="utf-8")
    (counted.folder / "shop" / "models.py").write_text(ACCOUNTS, encoding="utf-8")
    counted.manage("makemigrations", "shop")
    path = counted.folder / "shop" / "migrations" / "0001_initial.py"
    written = path.read_text(encoding="utf-8")
    assert "default=django.utils.timezone.now" in written
    assert "validators=[django.contrib.auth.validators.UnicodeUsernameValidator()]" in written
    assert counted.manage("makemigrations", "--check")[0] == "No changes detected\n"


ASKING = """
from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

print(MigrationRecorder.Migration._meta.db_table, MigrationRecorder.Migration.objects.count())
with connection.cursor() as cursor:
    print(connection.introspection.get_sequences(cursor, "shop_item"))
print(connection.introspection.django_table_names(only_existing=True))
print([model.__name__ for model in connection.introspection.installed_models(["shop_item"])])
"""


def test_programs_ask_for_records_and_tables_as_of_django(counted: Project) -> None:
    counted.manage("makemigrations")
    counted.manage("migrate")
    command = counted.folder / "shop" / "management" / "commands"
    command.mkdir(parents=True)
    body = "".join(f"        {line}\n" for line in ASKING.strip().splitlines())
    (command / "ask.py").write_text(
        "from django.core.management.base import BaseCommand\n\n\nclass Command(BaseCommand):\n"
        f"    def handle(self, **options):\n{body}",
        encoding="utf-8",
    )
    assert counted.manage("ask")[0].splitlines() == [
        "django_migrations 1",
        "[{'table': 'shop_item', 'column': 'id'}]",
        "['shop_item']",
        "['Item']",
    ]
