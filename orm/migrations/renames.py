"""Renames that a person says were made, for what can't be told from the models."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from orm.errors import Error
from orm.records import NamedTuple


class RenameError(Error):
    """A rename that was asked for can't be carried out."""


class Rename(NamedTuple):
    """One of them, in lower case."""

    owner: str
    """What the old name is in: ``item`` or ``shop.item`` of a field, ``shop`` of a model; empty where any is meant."""
    old: str
    new: str


class ToldRenames:
    """The renames that were told, and which of them were found.

    Parameters: ``pairs`` are old names (``Model``, ``app.Model``, ``Model.field`` or ``app.Model.field``) and new ones.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.told: dict[Rename, str] = {}
        """Each with the words of who told it."""
        self.found: dict[Rename, set[str]] = {}
        """Labels of the apps that each was found in."""
        for old, new in pairs:
            owner, _, name = old.lower().rpartition(".")
            self.told[Rename(owner, name, new.lower().rpartition(".")[2])] = f"{old}:{new}"

    def of_model(self, app_label: str, old: str, new: str) -> bool | None:
        """As ``of_field``, of a model."""
        return self._told(app_label, {"", app_label.lower()}, old.lower(), new.lower())

    def of_field(self, app_label: str, models: Iterable[str], old: str, new: str) -> bool | None:
        """Whether a field was told to be renamed so; False where one of them was told to be another, None for nothing.

        Parameters: ``models`` are the names that its model has and had.
        """
        names = {one.lower() for one in models}
        owners = {"", *names, *(f"{app_label.lower()}.{one}" for one in names)}
        return self._told(app_label, owners, old.lower(), new.lower())

    def _told(self, app_label: str, owners: Collection[str], old: str, new: str) -> bool | None:
        meant = [one for one in self.told if one.owner in owners]
        for one in meant:
            if (one.old, one.new) == (old, new):
                self.found.setdefault(one, set()).add(app_label)
                return True
        return False if any(one.old == old or one.new == new for one in meant) else None

    def refuse_unmatched(self) -> None:
        """Raise RenameError for the first that was not found."""
        for one, words in self.told.items():
            if one not in self.found:
                raise RenameError(
                    f"--rename {words}: no model or field {one.old!r} went where one {one.new!r} came. Nothing was "
                    "written."
                )

    def refuse_left(self, app_labels: Collection[str]) -> None:
        """Raise RenameError for the first that was not found, or is in no migration of these apps."""
        self.refuse_unmatched()
        for one, words in self.told.items():
            apps = self.found[one]
            if apps.isdisjoint(app_labels):
                raise RenameError(
                    f"--rename {words} is in app {', '.join(sorted(apps))}, which no migration is made for. Nothing "
                    "was written."
                )
