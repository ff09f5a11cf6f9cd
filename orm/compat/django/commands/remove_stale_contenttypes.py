"""``remove_stale_contenttypes``: content types whose model is gone are deleted, with what refers to them."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.compat.django.nested_objects import NestedObjects
from orm.contrib.contenttypes.models import ContentType
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.models.apps import apps

__all__ = ["Command"]


class Command(BaseCommand):
    """Deletes content types without a model."""

    help = "Deletes stale content types in the database."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a database, whether somebody can be asked, and whether applications that are gone count."""
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument(
            "--include-stale-apps", action="store_true", help="Those of applications that are not installed, too."
        )

    def handle(self, **options: Any) -> None:
        """Show what goes, ask, and delete it."""
        using, verbosity = options["database"], options["verbosity"]
        if not routes.allow_migrate_model(using, ContentType):
            return
        for label, kinds in self._stale(using, options["include_stale_apps"]).items():
            if options["interactive"] and not self._wanted(label, kinds, using):
                if verbosity >= 2:
                    self.stdout.write("Stale content types remain.")
                continue
            for kind in kinds:
                if verbosity >= 2:
                    self.stdout.write(f"Deleting stale content type '{label} | {kind.model}'")
                kind.delete(using=using)

    def _stale(self, using: str, gone_apps: bool) -> dict[str, list[ContentType]]:
        """Return the content types without a model, by the label of their application."""
        found: dict[str, list[ContentType]] = {}
        for kind in ContentType.objects.using(using).order_by("app_label", "pk"):
            if kind.model_class() is None and (gone_apps or kind.app_label in apps.app_configs):
                found.setdefault(kind.app_label, []).append(kind)
        return found

    def _wanted(self, label: str, kinds: list[ContentType], using: str) -> bool:
        referring = NestedObjects(using)
        referring.collect(kinds)
        counted = {
            model._meta.label: len(rows) for model, rows in referring.model_objs.items() if model is not ContentType
        }
        listed = [f"    - Content type for {label}.{kind.model}" for kind in kinds]
        listed += [f"    - {count} {model} object(s)" for model, count in counted.items()]
        self.stdout.write(
            "Some content types in your database are stale and can be deleted.\n"
            "Any objects that depend on these content types will also be deleted.\n"
            "The content types and dependent objects that would be deleted are:\n\n"
            + "\n".join(listed)
            + "\n\nThis list doesn't include any cascade deletions to data outside of Django\n"
            "models (uncommon).\n\n"
            "Are you sure you want to delete these content types?\n"
            "If you're unsure, answer 'no'."
        )
        return input("Type 'yes' to continue, or 'no' to cancel: ") == "yes"
