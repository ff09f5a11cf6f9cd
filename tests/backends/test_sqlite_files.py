"""A file that SQLite can't open or write to: the error names the file or folder, and says what to do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import orm
from orm import models

NOBODY = 65534


class Note(models.Model):
    text = models.CharField(max_length=20)

    class Meta:
        app_label = "note_files"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user could reach, as pytest's own may not be."""
    made = Path(tempfile.mkdtemp(prefix="duotone-files-"))
    made.chmod(0o755)
    yield made
    for database in orm.databases.made():
        database.terminate()
    shutil.rmtree(made)


@contextlib.contextmanager
def as_somebody_else() -> Iterator[None]:
    """Run as a user whom file modes bind, which root is not."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def configure(folder: Path, options: str = "", name: str = "notes.db") -> None:
    orm.configure(f"sqlite:///{folder / name}{options}")


def filled(folder: Path, journal: str = "wal") -> None:
    """Make the file, with a row in both colours, so that all the library imports has been imported."""
    configure(folder, f"?journal_mode={journal}")
    orm.create_tables(Note)
    Note.objects.create(text="one")
    asyncio.run(Note.objects.acreate(text="two"))
    for database in orm.databases.made():
        database.terminate()


def refusals() -> list[str]:
    """What a write is refused with, in each colour."""
    said = []
    with as_somebody_else():
        with pytest.raises(orm.errors.OperationalError) as blocking:
            Note.objects.create(text="three")
        said.append(str(blocking.value))
        with pytest.raises(orm.errors.OperationalError) as awaited:
            asyncio.run(Note.objects.acreate(text="three"))
        said.append(str(awaited.value))
    return said


def test_a_folder_that_may_not_be_written_in_is_named_with_the_remedy(folder: Path) -> None:
    filled(folder, "delete")
    (folder / "notes.db").chmod(0o666)
    folder.chmod(0o555)
    configure(folder, "?journal_mode=delete")
    for said in refusals():
        assert f"may not write in the folder {folder}" in said
        assert "?mode=ro" in said


def test_what_the_message_names_as_the_remedy_reads_the_file(folder: Path) -> None:
    filled(folder, "delete")
    folder.chmod(0o555)
    configure(folder)
    with as_somebody_else():
        with pytest.raises(orm.errors.OperationalError, match=r"\?mode=ro"):
            Note.objects.count()
    configure(folder, "?mode=ro")
    with as_somebody_else():
        assert Note.objects.count() == 2
        assert asyncio.run(Note.objects.acount()) == 2


def test_a_file_that_may_not_be_written_to_is_named(folder: Path) -> None:
    filled(folder, "delete")
    folder.chmod(0o777)
    (folder / "notes.db").chmod(0o444)
    configure(folder, "?journal_mode=delete")
    for said in refusals():
        assert f"{folder / 'notes.db'} (this process may not write to the file" in said


def test_a_file_that_may_not_be_read_is_named(folder: Path) -> None:
    filled(folder)
    (folder / "notes.db").chmod(0o000)
    configure(folder)
    for said in refusals():
        assert "may not read it" in said


def test_a_file_that_can_not_be_made_names_the_folder(folder: Path) -> None:
    filled(folder)
    folder.chmod(0o555)
    configure(folder, name="other.db")
    for said in refusals():
        assert f"there is no such file, and this process may not write in the folder {folder}" in said


def test_a_url_that_says_ro_is_named(folder: Path) -> None:
    filled(folder)
    configure(folder, "?mode=ro")
    for said in refusals():
        assert said.endswith("(the URL says mode=ro)")


@pytest.mark.parametrize("mode", ["ro", "rw"])
def test_a_mode_that_makes_no_file_is_named(folder: Path, mode: str) -> None:
    configure(folder, f"?mode={mode}", name="none.db")
    with pytest.raises(orm.errors.OperationalError, match=f"there is no such file, and with mode={mode} in the URL"):
        Note.objects.count()


def test_a_transaction_that_reads_only_is_named(folder: Path) -> None:
    filled(folder)
    configure(folder)
    with pytest.raises(orm.errors.OperationalError, match="the transaction is read_only"), orm.atomic(read_only=True):
        Note.objects.create(text="three")


def test_a_file_that_is_no_database_is_named(folder: Path) -> None:
    filled(folder)
    (folder / "letter.db").write_text("Dear Ada, " * 200, encoding="utf-8")
    configure(folder, name="letter.db")
    with pytest.raises(orm.errors.DatabaseError, match="letter.db") as caught:
        Note.objects.count()
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)


def test_a_missing_folder_is_named(folder: Path) -> None:
    configure(folder, name="none/notes.db")
    with pytest.raises(orm.errors.OperationalError, match=f"there is no folder {folder / 'none'}: make it"):
        Note.objects.count()
