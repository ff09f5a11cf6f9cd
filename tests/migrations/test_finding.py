"""Which files of a package are its migrations and commands."""

from __future__ import annotations

import zipfile
from pathlib import Path

from orm.structures.loading import plain_modules


def written(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return folder


def test_modules_are_found_whatever_their_names_and_suffixes(tmp_path: Path) -> None:
    written(tmp_path, "__init__.py", "0002_b.py", "0001_a.pyc", "~copy.py", "notes.txt", "0003.b.py", ".py")
    assert plain_modules([str(tmp_path)]) == ["0001_a", "0002_b", "~copy"]


def test_a_package_is_no_plain_module_even_with_one_beside_it(tmp_path: Path) -> None:
    written(tmp_path, "package/__init__.py", "package.py", "folder/notes.txt", "folder.py")
    assert plain_modules([str(tmp_path)]) == ["folder"]


def test_modules_of_several_folders_and_of_an_archive_are_found(tmp_path: Path) -> None:
    written(tmp_path / "one", "b.py")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("app/migrations/0001_a.py", "")
        archive.writestr("app/migrations/inner/__init__.py", "")
    places = [str(tmp_path / "one"), str(tmp_path / "archive.zip" / "app" / "migrations"), str(tmp_path / "nowhere")]
    assert plain_modules(places) == ["0001_a", "b"]
