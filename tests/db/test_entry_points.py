"""Backends of installed packages are found as ``importlib.metadata`` finds them."""

from __future__ import annotations

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from orm.db.entry_points import entry_points, load

TOLD = "[console_scripts]\nother = other:main\n\n[orm.backends]\n# a comment\nother = other_database:backend [fast]\n"


def test_they_are_those_that_python_knows() -> None:
    known = {entry.name: entry.value for entry in metadata.entry_points(group="orm.backends")}
    assert entry_points("orm.backends", "sqlite") == known
    assert "sqlite" in known


def test_a_package_that_is_there_twice_is_the_first_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, version, value in (("first", 1, TOLD), ("second", 2, TOLD.replace("other_database", "nothing"))):
        place = tmp_path / folder / f"other-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "entry_points.txt").write_text(value)
        monkeypatch.syspath_prepend(str(tmp_path / folder))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second"), "/nowhere"])
    assert entry_points("orm.backends", "other") == {"other": "other_database:backend [fast]"}


def test_a_package_in_an_archive_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("other-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 1\n")
        archive.writestr("other-1.dist-info/entry_points.txt", TOLD)
    monkeypatch.syspath_prepend(str(tmp_path / "all.zip"))
    assert entry_points("orm.backends", "other")["other"] == "other_database:backend [fast]"


def test_an_entry_names_an_object_of_a_module() -> None:
    assert load("pathlib:Path.cwd [extra]") == Path.cwd
    assert load("pathlib").Path is Path
