"""Seconds of the processor to import a library and declare models, as the first thing a process does: a script.

``python -P benchmarks/programs/importing.py orm 20`` (or ``django``) prints one JSON object: the whole, and the models.
"""

from __future__ import annotations

import sys
import time

FIELDS = 6
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def importing(library: str, count: int) -> dict[str, Any]:
    """Seconds to import a library, and declare so many models of eight fields, one of them a foreign key."""
    start = time.process_time()
    models = {"orm": models_of_orm, "django": models_of_django}[library]()
    imported = time.process_time()
    before: Any = None
    for number in range(count):
        fields: dict[str, Any] = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "probe"})}
        fields["name"] = models.CharField(max_length=100)
        fields["made"] = models.DateTimeField(auto_now_add=True)
        fields |= {f"amount_{index}": models.IntegerField(default=0) for index in range(FIELDS - 1)}
        if before is not None:
            fields["before"] = models.ForeignKey(before, on_delete=models.CASCADE, related_name="after")
        before = type(models.Model)(f"Model{number}", (models.Model,), fields)
    done = time.process_time()
    return {"seconds": done - start, "models": done - imported}


def models_of_orm() -> Any:
    """``orm.models``, imported now because the import is what is timed."""
    import orm.models

    return orm.models


def models_of_django() -> Any:
    """``django.db.models``, imported and set up as a program does."""
    import django
    from django.conf import settings

    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    django.setup()
    from django.db import models

    return models


if __name__ == "__main__":
    found = importing(sys.argv[1], int(sys.argv[2]))
    print(f'{{"seconds": {found["seconds"]}, "models": {found["models"]}}}')
