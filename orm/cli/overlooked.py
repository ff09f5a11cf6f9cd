"""What was overlooked: models that are declared wrong, and changes of models that no migration holds."""

from __future__ import annotations

from collections.abc import Sequence

from orm.checks import ERROR, CheckMessage, Tags, run_checks
from orm.cli.output import Failure
from orm.migrations import making, sources
from orm.migrations.questioner import MigrationQuestioner
from orm.models.apps import apps


def faults() -> list[CheckMessage]:
    """What the checks of models find, the most serious first; what the settings silence is left out."""
    sources.import_models()
    found = [message for message in run_checks(tags=(Tags.models,)) if not message.is_silenced()]
    return sorted(found, key=lambda message: -message.level)


def refuse_faulty_models() -> None:
    """Raise ``Failure`` where models are declared in a way that no table can be made of."""
    errors = [message for message in faults() if message.is_serious(ERROR)]
    if errors:
        raise Failure("\n".join(f"{message}" for message in errors))


def remarks(labels: Sequence[str] = ()) -> list[str]:
    """Return sentences on what migrations leave out: changes they lack, and applications they don't look at.

    Parameters: ``labels`` limits that to some applications.
    """
    installed = sources.labels()
    if not installed:
        return ['No application is installed: name the packages that hold your models, installed_apps = ["shop"].']
    loader = making.from_disk()
    looked_at = [label for label in installed if not labels or label in labels]
    without = [label for label in looked_at if label in loader.unmigrated_apps and _waits_for_migrations(label)]
    changed = making.detect(loader, MigrationQuestioner(), [label for label in labels if label not in without])
    return [
        *(f"{label} has models and no migrations yet: `orm makemigrations {label}` begins." for label in without),
        *(
            f"The models of {label} have changes that no migration holds: `orm makemigrations`, then `orm migrate`."
            for label in changed
            if label in looked_at and label not in without
        ),
    ]


def _waits_for_migrations(label: str) -> bool:
    """Whether an application has a table to be made, and the settings don't say that it goes without migrations."""
    if sources.migrations_module(label)[0] is None:
        return False
    return any(model._meta.managed and not model._meta.proxy for model in apps.all_models.get(label, {}).values())
