"""The files of a new project; ``APP`` stands for the name of its app."""

from __future__ import annotations

SETTINGS = """\
[tool.orm]
databases = "sqlite:///APP.sqlite3"     # or DATABASE_URL=postgresql://...
installed_apps = ["APP"]
time_zone = "UTC"

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
"""

MODELS = '''\
"""What this application keeps."""

from orm import models


class Note(models.Model):
    """Something to remember."""

    text = models.CharField(max_length=200)
    done = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-id"]

    def __str__(self) -> str:
        return self.text
'''

MIGRATION = """\
from orm import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
                ("done", models.BooleanField(default=False)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-created", "-id"],
            },
        ),
    ]
"""

VIEWS = '''\
"""An async view, as an ASGI application without a framework: GET / lists the notes, POST / takes one.

    python -m APP.views           # once, in this process, without a server
    uvicorn APP.views:application # served
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import orm
from APP.models import Note

Message = dict[str, Any]


async def listed() -> list[dict[str, Any]]:
    """The notes, newest first."""
    return [{"id": note.pk, "text": note.text, "done": note.done} async for note in Note.objects.all()[:50]]


async def take(text: str) -> Note:
    """Keep a note."""
    async with orm.atomic():
        return await Note.objects.acreate(text=text)


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer a request."""
    if scope["type"] != "http":
        return
    status = 200
    answer: object = None
    if scope["method"] == "POST":
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        text = body.decode(errors="replace").strip()
        if 0 < len(text) <= 200:
            note = await take(text)
            status, answer = 201, {"id": note.pk}
        else:
            status, answer = 400, {"error": "a note has 1 to 200 characters"}
    else:
        answer = await listed()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


async def main() -> None:
    """Take a note, and show them all."""
    await take("Read the documentation")
    for note in await listed():
        print(note)


if __name__ == "__main__":
    asyncio.run(main())
'''

CONFTEST = '''\
"""The tests work on a database of their own, made from the migrations."""

import pytest

import orm


@pytest.fixture(scope="session", autouse=True)
def database(tmp_path_factory: pytest.TempPathFactory) -> None:
    orm.configure(f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.sqlite3'}", installed_apps=["APP"])
    orm.migrate()
'''

TEST = '''\
"""Both colours, the same rows; each test is rolled back."""

import asyncio
from typing import Any

from APP.models import Note
from APP.views import listed, take


def test_a_note_is_kept(orm_rollback: None) -> None:
    Note.objects.create(text="blocking")
    assert [note.text for note in Note.objects.all()] == ["blocking"]


def test_the_view_lists_what_it_took(orm_rollback: None) -> None:
    async def scenario() -> list[dict[str, Any]]:
        await take("awaited")
        return await listed()

    (note,) = asyncio.run(scenario())
    assert note["text"] == "awaited"
    assert Note.objects.get().text == "awaited"
'''

EMPTY_MODELS = '''\
"""What this application keeps."""

from orm import models
'''

README = """\
# APP

    orm migrate                     # make the tables
    python -m pytest                # the tests
    python -m APP.views             # the view, once
    uvicorn APP.views:application   # the view, served
    orm shell                       # a prompt with the models at hand

After a change of `APP/models.py`: `orm makemigrations`, then `orm migrate`.
"""

FILES = {
    "pyproject.toml": SETTINGS,
    "README.md": README,
    ".gitignore": "*.sqlite3\n__pycache__/\n",
    "APP/__init__.py": "",
    "APP/models.py": MODELS,
    "APP/views.py": VIEWS,
    "APP/migrations/__init__.py": "",
    "APP/migrations/0001_initial.py": MIGRATION,
    "tests/conftest.py": CONFTEST,
    "tests/test_notes.py": TEST,
}

BARE = {
    **{name: FILES[name] for name in ("pyproject.toml", ".gitignore", "APP/__init__.py", "tests/conftest.py")},
    "APP/models.py": EMPTY_MODELS,
}
"""What a project needs that brings its models along."""
