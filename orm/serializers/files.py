"""Files of fixtures: where they lie, what their names say of format and compression, and how they are opened."""

from __future__ import annotations

import bz2
import glob
import gzip
import importlib.util
import io
import lzma
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO, Any

from orm.config import settings
from orm.errors import Error, ImproperlyConfigured
from orm.migrations import sources
from orm.models.apps import apps
from orm.records import NamedTuple
from orm.serializers import registry

STDIN = "-"
FOLDER = "fixtures"


class FixtureError(Error):
    """A fixture can't be found, read or written as asked; the sentence says why."""


def _zipped(path: str, mode: str) -> IO[bytes]:
    """Open the one file that an archive holds."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise FixtureError(f"Zip-compressed fixtures must contain one file; {path} contains {len(names)}.")
        return io.BytesIO(archive.read(names[0]))


READERS: dict[str | None, Callable[[str, str], Any]] = {
    None: open, "gz": gzip.open, "zip": _zipped, "bz2": bz2.open, "lzma": lzma.open, "xz": lzma.open,
}  # fmt: skip
"""How a fixture is opened to be read, by what its name ends with."""

WRITERS: dict[str, Callable[[str], Any]] = {
    "": partial(open, mode="w", encoding="utf-8"),
    ".gz": partial(gzip.open, mode="wt", encoding="utf-8"),
    ".bz2": partial(bz2.open, mode="wt", encoding="utf-8"),
    ".lzma": partial(lzma.open, mode="wt", format=lzma.FORMAT_ALONE, encoding="utf-8"),
    ".xz": partial(lzma.open, mode="wt", encoding="utf-8"),
}
"""How a fixture is opened to be written."""


class Fixture(NamedTuple):
    """One file. ``name`` is what stands before format and compression."""

    path: str
    name: str
    format: str
    compression: str | None

    def open(self) -> Any:
        """Open it, as text or bytes."""
        if self.path == STDIN:
            return sys.stdin
        return READERS[self.compression](self.path, "rb")


def check_format(format: str) -> None:
    """Raise FixtureError for a format that there is not, or whose module is missing."""
    if format not in registry.get_public_serializer_formats():
        raise FixtureError(f"Unknown serialization format: {format}")
    serializer = registry.get_serializer(format)
    if isinstance(serializer, registry.BadSerializer):
        raise serializer.exception


def find(label: str, using: str, app_label: str | None, format: str | None) -> list[Fixture]:
    """Return the files a label names: by a path, or by a name that is looked for in the folders of fixtures.

    Raises ``FixtureError`` where there is none, several in one folder, or the format is unknown.
    """
    if label == STDIN:
        if not format:
            raise FixtureError("--format must be specified when reading from stdin.")
        return [Fixture(STDIN, STDIN, format, None)]
    name, kind, compression = parse_name(label)
    formats = [kind] if kind else registry.get_public_serializer_formats()
    compressions: list[str | None] = [compression] if compression else list(READERS)
    for folder in [os.path.dirname(name)] if os.path.isabs(name) else [*folders(app_label), ""]:
        inside = os.path.join(folder, os.path.dirname(name)).rstrip(os.sep)
        found = list(_files(inside, os.path.basename(name), using, formats, compressions))
        if len(found) > 1:
            raise FixtureError(f"Multiple fixtures named '{os.path.basename(name)}' in {_shown(inside)}. Aborting.")
        if found:
            return found
    raise FixtureError(f"No fixture named '{os.path.basename(name)}' found.")


def _files(
    folder: str, name: str, using: str, formats: Sequence[str], compressions: Sequence[str | None]
) -> Iterator[Fixture]:
    """Yield the files of one folder with a name, any of the formats, and for this database or for all."""
    for path in sorted(glob.iglob(os.path.join(glob.escape(folder), glob.escape(name) + "*"))):
        rest = os.path.basename(path)[len(name) :].split(".")
        if rest[0]:
            continue
        parts = rest[1:]
        compression = parts.pop() if parts and parts[-1] in READERS else None
        if not parts or parts[-1] not in formats or compression not in compressions:
            continue
        if parts[:-1] in ([], [using]):
            yield Fixture(path, name, parts[-1], compression)


def parse_name(label: str) -> tuple[str, str | None, str | None]:
    """Return the name, the format and the compression that a label says.

    Raises ``FixtureError`` for a format nobody knows.
    """
    parts = label.rsplit(".", 2)
    compression = parts.pop() if len(parts) > 1 and parts[-1] in READERS else None
    if len(parts) > 1:
        if parts[-1] in registry.get_serializer_formats():
            check_format(parts[-1])
            return ".".join(parts[:-1]), parts[-1], compression
        if os.sep not in parts[-1]:
            name = os.path.basename(".".join(parts[:-1]))
            raise FixtureError(f"Problem installing fixture '{name}': {parts[-1]} is not a known serialization format.")
    return ".".join(parts), None, compression


def folders(app_label: str | None) -> list[str]:
    """Return the folders of fixtures: those of the apps (or of one), then those of the settings.

    Raises ``ImproperlyConfigured`` where the settings name one twice, or one that an app has already.
    """
    given = [os.path.realpath(os.fspath(each)) for each in settings.fixture_dirs]
    if len(set(given)) < len(given):
        raise ImproperlyConfigured("settings.FIXTURE_DIRS contains duplicates.")
    found = []
    for label, path in _app_folders():
        own = os.path.join(path, FOLDER)
        if os.path.realpath(own) in given:
            raise ImproperlyConfigured(
                f"'{own}' is a default fixture directory for the '{label}' app and cannot be listed in "
                "settings.FIXTURE_DIRS."
            )
        if os.path.isdir(own) and app_label in (None, label):
            found.append(os.path.realpath(own))
    return found + given


def _app_folders() -> Iterator[tuple[str, str]]:
    if apps.app_configs:
        for config in apps.get_app_configs():
            yield config.label, config.path
        return
    for app in sources.installed():
        spec = importlib.util.find_spec(app.package)
        for path in (spec.submodule_search_locations if spec else None) or ():
            yield app.label, path


def _shown(folder: str) -> str:
    return f"'{folder}'" if folder else "the current directory"
