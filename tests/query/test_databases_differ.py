"""The table of answers that are each database's own, which the documentation shows, is what they are."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.compat.django.differences import DATABASES, Differing
from orm.models import functions
from tests.query.models import Everything


@pytest.mark.parametrize("differing", DATABASES, ids=lambda differing: differing.asked)
@pytest.mark.only(colour="blocking")
def test_an_answer_is_the_databases_own(database: Any, differing: Differing) -> None:
    rows = Everything.objects.bulk_create([Everything(integer=4), Everything()])
    names = {name: getattr(module, name) for module in (models, functions) for name in module.__all__}  # made on demand
    names["row"], names["empty"] = (Everything.objects.filter(pk=row.pk) for row in rows)
    try:
        found = repr(eval(differing.asked, names))  # the text is the library's own, and shown as it is
    except Exception as error:  # which one is the question
        found = type(error).__name__
    assert found == getattr(differing, database.backend)
