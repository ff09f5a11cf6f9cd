"""Running checks: the library's own are there from the start."""

from __future__ import annotations

import subprocess
import sys

from orm import checks

PROGRAM = """
import orm
from orm import checks, models

orm.configure(strict_models=False)

class Wrong(models.Model):
    name = models.CharField(max_length=-1)

    class Meta:
        app_label = "wrong"

print([found.id for found in checks.run_checks()], checks.tag_exists("models"))
"""


def test_models_are_checked_without_importing_their_checks() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert said.stdout.split("\n")[0] == "['fields.E121'] True"


def test_every_tag_that_django_documents_may_be_asked_for() -> None:
    for tag in ("caches", "security", "translation", "urls"):
        assert checks.tag_exists(tag)
        assert checks.run_checks(tags=[tag]) == []
    assert not checks.tag_exists("nope")
