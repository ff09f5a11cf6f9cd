"""FileField in both colours: a file is kept when its row is saved, replaced, and deleted, in either storage."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import pytest

from orm import models
from orm.errors import FieldError, ImproperlyConfigured, SuspiciousFileOperation
from orm.files import ContentFile, File, FileSystemStorage, InMemoryStorage
from orm.files.uploads import TemporaryUploadedFile, UploadedFile
from tests.saving.models import Letter

STORAGE = Letter._meta.get_field("scan").storage


@pytest.fixture(autouse=True)
def empty_storage() -> None:
    if STORAGE.exists("scans"):
        STORAGE.delete("scans")


async def test_a_file_is_kept_when_its_row_is_saved(database: Any) -> None:
    letter = Letter(scan=ContentFile(b"Dear Ada", name="ada.txt"))
    assert letter.scan.name == "ada.txt"
    await letter.asave()
    assert letter.scan.name == "scans/ada.txt"
    found = await Letter.objects.aget(pk=letter.pk)
    assert found.scan.read() == b"Dear Ada"
    assert found.scan.size == 8
    assert found.scan == letter.scan
    assert STORAGE.exists("scans/ada.txt")


async def test_two_files_of_one_name_are_kept_beside_each_other(database: Any) -> None:
    made = await Letter.objects.abulk_create([Letter(scan=ContentFile(b"%d" % n, name="same.txt")) for n in range(2)])
    assert made[0].scan.name == "scans/same.txt"
    assert made[1].scan.name.startswith("scans/same_")
    assert [letter.scan.read() async for letter in Letter.objects.order_by("pk")] == [b"0", b"1"]


async def test_a_file_is_replaced_and_deleted(database: Any) -> None:
    letter = await Letter.objects.acreate()
    assert not letter.scan
    await letter.scan.asave("one.txt", ContentFile(b"1"))
    await letter.scan.asave("two.txt", ContentFile(b"2"))
    assert (await Letter.objects.aget(pk=letter.pk)).scan.name == "scans/two.txt"
    await letter.scan.adelete()
    assert not (await Letter.objects.aget(pk=letter.pk)).scan
    assert not STORAGE.exists("scans/two.txt")
    assert STORAGE.exists("scans/one.txt"), "other rows may name it"


async def test_without_save_the_row_stays(database: Any) -> None:
    letter = await Letter.objects.acreate()
    await letter.scan.asave("one.txt", ContentFile("text"), save=False)
    assert not (await Letter.objects.aget(pk=letter.pk)).scan
    await letter.asave()
    assert (await Letter.objects.aget(pk=letter.pk)).scan.read() == b"text"


async def test_no_file_has_no_content(database: Any) -> None:
    letter = await Letter.objects.acreate()
    with pytest.raises(ValueError, match="no file associated"):
        letter.scan.read()
    with pytest.raises(ValueError, match="no file associated"):
        _ = letter.scan.url


async def test_a_name_that_leads_out_of_the_storage_is_refused(database: Any) -> None:
    letter = await Letter.objects.acreate()
    with pytest.raises(SuspiciousFileOperation):
        await letter.scan.asave("../../etc/passwd", ContentFile("x"))
    assert not (await Letter.objects.aget(pk=letter.pk)).scan


async def test_a_file_is_found_by_its_name_and_pickled(database: Any) -> None:
    letter = Letter(scan=ContentFile(b"x", name="x.txt"))
    await letter.asave()
    assert await Letter.objects.filter(scan="scans/x.txt").acount() == 1
    again = pickle.loads(pickle.dumps(letter.scan))
    assert again.name == letter.scan.name


async def test_a_generated_column_is_computed_by_the_database(database: Any) -> None:
    letter = Letter(pages=3)
    with pytest.raises(AttributeError, match="unsaved"):
        _ = letter.sheets
    await letter.asave()
    assert letter.sheets == 6
    letter.pages = 5
    await letter.asave()
    assert (await Letter.objects.aget(sheets=10)).pk == letter.pk
    await letter.arefresh_from_db()
    assert letter.sheets == 10
    made = await Letter.objects.abulk_create([Letter(pages=1), Letter(pages=2)])
    assert [one.sheets for one in made] == [2, 4]


@pytest.mark.parametrize("kind", ["file system", "memory"])
def test_storages_keep_open_list_and_delete(tmp_path: Path, kind: str) -> None:
    storage: Any = (
        FileSystemStorage(tmp_path, base_url="/media") if kind == "file system" else InMemoryStorage(base_url="/media")
    )
    name = storage.save("folder/a b.txt", ContentFile("one\ntwo\n"))
    assert storage.exists(name)
    assert storage.size(name) == 8
    assert storage.listdir("folder") == ([], ["a b.txt"])
    assert storage.url(name) == "/media/folder/a%20b.txt"
    with storage.open(name) as file:
        assert isinstance(file, File)
        assert list(file) == [b"one\n", b"two\n"]
    with storage.open("new.txt", "wb") as file:
        file.write(b"written")
    assert storage.open("new.txt").read() == b"written"
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)
    for wrong in ("../out.txt", "a/../../out.txt"):
        with pytest.raises(SuspiciousFileOperation):
            storage.save(wrong, ContentFile("x"))


def test_a_name_too_long_for_the_column_is_shortened_or_refused(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path)
    storage.save("abcdefghij.txt", ContentFile("1"))
    shortened = storage.save("abcdefghij.txt", ContentFile("2"), max_length=14)
    assert len(shortened) <= 14
    with pytest.raises(SuspiciousFileOperation, match="max_length"):
        storage.save("abcdefghij.txt", ContentFile("3"), max_length=5)


def test_an_absolute_folder_and_a_file_as_a_key_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="relative path"):

        class Absolute(models.Model):
            scan = models.FileField(upload_to="/etc")

            class Meta:
                app_label = "saving_wrong"


def test_a_size_that_nobody_said_is_measured() -> None:
    assert UploadedFile(io.BytesIO(b"four"), "a.txt", size=9).size == 9
    assert UploadedFile(io.BytesIO(b"four"), "a.txt").size == 4
    content = ContentFile("four")
    assert content.size == 4
    content.seek(4)
    content.write("five")
    assert content.size == 8


def test_an_upload_that_is_a_file_already_is_moved_into_the_storage(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path)
    upload = TemporaryUploadedFile("a.txt", "text/plain", 4, None)
    upload.file.write(b"four")
    upload.file.flush()
    lay = Path(upload.temporary_file_path())
    assert storage.save("a.txt", upload) == "a.txt"
    assert (tmp_path / "a.txt").read_bytes() == b"four"
    assert not lay.exists()
    plain = storage.save("b.txt", ContentFile("x"))
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / plain).stat().st_mode


async def test_content_without_a_name_is_refused_with_the_remedy(database: Any) -> None:
    letter = Letter()
    letter.scan = ContentFile(b"x")
    with pytest.raises(FieldError, match="must have the name attribute") as refused:
        await letter.asave()
    assert refused.value.__notes__ == ["Pass a 'name' argument to ContentFile."]


async def test_a_deferred_file_loads_as_a_file(database: Any) -> None:
    await Letter.objects.acreate(scan=ContentFile(b"Dear Ada", name="ada.txt"))
    letter = await Letter.objects.defer("scan").aget()
    scan = await letter.scan  # type: ignore[misc]  # in blocking code it is there at once
    assert (scan.name, scan.read()) == ("scans/ada.txt", b"Dear Ada")


def test_a_file_that_may_not_be_null_starts_without_a_name() -> None:
    class Unread(models.Model):
        scan = models.FileField()

        class Meta:
            app_label = "unread"

    letter = Unread()
    assert (letter.scan.name, letter.scan == "", bool(letter.scan)) == ("", True, False)


def test_false_takes_a_file_away() -> None:
    letter = Letter()
    letter.scan = False
    assert letter.scan is False


def test_a_file_of_a_folder_can_be_opened_again(tmp_path: Path) -> None:
    storage = FileSystemStorage(location=tmp_path)
    file = storage.open(storage.save("note.txt", ContentFile("text")))
    file.close()
    with file.open("r") as again:
        assert again.read() == "text"


def test_a_file_is_saved_under_a_name() -> None:
    with pytest.raises(ValueError, match="saved under a name"):
        InMemoryStorage().save(None, ContentFile(b"x"))


async def test_what_the_database_computes_is_not_written(database: Any) -> None:
    letter = await Letter.objects.acreate(pages=5)
    with pytest.raises(FieldError, match="computed by the database"):
        await Letter.objects.aupdate(sheets=1)
    with pytest.raises(ValueError, match="what the database computes"):
        await Letter.objects.abulk_update([letter], ["sheets"])
    await letter.asave(update_fields=["sheets"])  # as in Django, it may be named
