"""Seconds to import a library and declare twenty models, in a process that has imported nothing else: a script.

``python -P benchmarks/importing.py orm`` (or ``django``) prints one JSON object.
"""

from __future__ import annotations

import sys
import time

FIELDS = 6
MODELS = 20
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def importing(library: str) -> dict[str, Any]:
    """Seconds to import a library, and declare twenty models of eight fields, one of them a foreign key."""
    start = time.perf_counter()
    models = {"orm": models_of_orm, "django": models_of_django}[library]()
    before: Any = None
    for number in range(MODELS):
        fields: dict[str, Any] = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "probe"})}
        fields["name"] = models.CharField(max_length=100)
        fields["made"] = models.DateTimeField(auto_now_add=True)
        fields |= {f"amount_{index}": models.IntegerField(default=0) for index in range(FIELDS - 1)}
        if before is not None:
            fields["before"] = models.ForeignKey(before, on_delete=models.CASCADE, related_name="after")
        before = type(models.Model)(f"Model{number}", (models.Model,), fields)
    return {"seconds": time.perf_counter() - start}


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
    found = importing(sys.argv[1])
    print(f'{{"seconds": {found["seconds"]}}}')
