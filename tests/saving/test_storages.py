"""What storages and files do by themselves: permissions, folders, moves, locks, and lines across two chunks."""

from __future__ import annotations

import io
import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import orm
from orm.files import ContentFile, File, FileSystemStorage, InMemoryStorage, storages
from orm.files.base import FileProxyMixin
from orm.files.locks import LOCK_EX, LOCK_NB, lock, unlock
from orm.files.moves import file_move_safe
from orm.structures.collections import MultiValueDict


@pytest.fixture
def modes() -> Iterator[None]:
    orm.configure("sqlite://:memory:", file_permissions=0o640, directory_permissions=0o750)
    yield
    orm.configure(file_permissions=None, directory_permissions=None)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folders_get_the_permissions_that_the_settings_name(tmp_path: Path, modes: None) -> None:
    FileSystemStorage(tmp_path).save("folder/a.txt", ContentFile("a"))
    assert (mode(tmp_path / "folder"), mode(tmp_path / "folder" / "a.txt")) == (0o750, 0o640)


def test_a_storage_of_its_own_permissions_has_those(tmp_path: Path, modes: None) -> None:
    FileSystemStorage(tmp_path, file_permissions_mode=0o600).save("a.txt", ContentFile("a"))
    assert mode(tmp_path / "a.txt") == 0o600


def test_a_folder_in_memory_that_is_not_there_can_not_be_listed() -> None:
    storage = InMemoryStorage()
    storage.save("a/b.txt", ContentFile("b"))
    assert storage.listdir("a") == ([], ["b.txt"])
    with pytest.raises(FileNotFoundError, match="no folder 'c' in this storage"):
        storage.listdir("c")


def test_the_storages_of_the_settings_are_listed() -> None:
    given = {"mem": {"BACKEND": "orm.files.InMemoryStorage"}}
    orm.configure("sqlite://:memory:", storages=given)
    try:
        assert storages.backends == given
    finally:
        orm.configure(storages={})


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_moves_to_another_name(tmp_path: Path, overwrite: bool) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x")
    file_move_safe(old, new, allow_overwrite=overwrite)
    assert (old.exists(), new.read_text()) == (False, "x")


def test_a_file_does_not_take_the_place_of_another_unless_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x")
    new.write_text("y")
    with pytest.raises(FileExistsError, match="allow_overwrite is False"):
        file_move_safe(old, new)
    file_move_safe(old, new, allow_overwrite=True)
    assert (old.exists(), new.read_text()) == (False, "x")


def test_a_file_that_is_where_it_should_be_stays(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("x")
    file_move_safe(old, old)
    assert old.read_text() == "x"


def test_a_file_moves_to_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(old: object, new: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(os, "rename", refuse)
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x" * 10)
    old.chmod(0o600)
    file_move_safe(old, new, chunk_size=3)
    assert (old.exists(), new.read_text(), mode(new)) == (False, "x" * 10, 0o600)


def test_a_lock_keeps_another_process_out(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    script = f"import sys; from orm.files.locks import *;print(lock(open({str(path)!r}), LOCK_EX | LOCK_NB))"
    with path.open("w") as held:
        assert lock(held, LOCK_EX | LOCK_NB)
        assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"
        assert unlock(held)
        assert subprocess.check_output([sys.executable, "-c", script], text=True) == "True\n"


def test_the_end_of_a_line_across_two_chunks_is_one_end() -> None:
    file = File(io.BytesIO(b"ab\r\ncd\re"))
    file.DEFAULT_CHUNK_SIZE = 3
    assert list(file) == [b"ab\r\n", b"cd\r", b"e"]


def test_what_has_a_file_reads_like_one() -> None:
    class Wrapped(FileProxyMixin):
        def __init__(self, file: io.BytesIO) -> None:
            self.file = file

    wrapped = Wrapped(io.BytesIO(b"abc"))
    assert (wrapped.read(2), wrapped.tell(), wrapped.readable(), wrapped.closed) == (b"ab", 2, True, False)


def test_a_mapping_of_lists_is_pickled_with_its_lists() -> None:
    given = MultiValueDict({"a": [1, 2], "b": []})
    read = pickle.loads(pickle.dumps(given))
    assert (type(read), dict(read.lists())) == (MultiValueDict, {"a": [1, 2], "b": []})
