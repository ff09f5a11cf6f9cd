"""System checks of generic keys and relations."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.contrib.contenttypes import ContentType, GenericForeignKey, GenericRelation
from orm.contrib.contenttypes.checks import check_model_name_lengths
from orm.models.apps import Apps
from tests.checks.test_models import declared, ids, lenient

__all__ = ["lenient"]


def type_key() -> Any:
    return models.ForeignKey(ContentType, on_delete=models.CASCADE)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (lambda: {"content_type": type_key(), "object_id": models.IntegerField()}, []),
        (lambda: {"object_id": models.IntegerField()}, ["contenttypes.E002"]),
        (lambda: {"content_type": type_key()}, ["contenttypes.E001"]),
        (
            lambda: {"content_type": models.IntegerField(), "object_id": models.IntegerField()},
            ["contenttypes.E003"],
        ),
        (
            lambda: {
                "content_type": models.ForeignKey("self", on_delete=models.CASCADE),
                "object_id": models.IntegerField(),
            },
            ["contenttypes.E004"],
        ),
    ],
)
def test_a_generic_key_stands_on_two_fields(fields: Any, expected: list[str]) -> None:
    thing = declared(**fields(), target=GenericForeignKey())
    assert [message.id for message in thing.target.check()] == expected
    of_model = [message.id for message in thing.check() if message.obj is thing.target]
    assert of_model == expected, "a model checks its generic keys"


def test_a_generic_key_is_named_as_a_field_is() -> None:
    thing = declared(content_type=type_key(), object_id=models.IntegerField(), target_=GenericForeignKey())
    assert [message.id for message in thing.target_.check()] == ["fields.E001"]


def test_a_generic_relation_needs_a_model_with_a_generic_key() -> None:
    registry = Apps()
    relation: Any = GenericRelation("Tag")
    holder = declared(tags=relation, tags_=GenericRelation("Tag"), apps=registry)
    assert ids(holder) == ["fields.E300", "fields.E001", "fields.E300"]
    meta = type("Meta", (), {"app_label": "checked", "apps": registry})
    attributes = {"content_type": type_key(), "object_id": models.IntegerField(), "Meta": meta}
    tag: Any = type("Tag", (models.Model,), {"__module__": __name__, **attributes})
    assert relation.remote_field.model is tag
    assert ids(holder) == ["contenttypes.E004", "fields.E001", "contenttypes.E004"]
    GenericForeignKey().contribute_to_class(tag, "target")
    assert ids(holder) == ["fields.E001"]


def test_a_models_name_fits_the_table_of_content_types() -> None:
    class Config:
        def __init__(self, *models: Any) -> None:
            self.get_models = lambda: models

    long, short = (
        type("A" * length, (), {"_meta": type("M", (), {"object_name": "A" * length})}) for length in (101, 100)
    )
    (found,) = check_model_name_lengths([Config(long, short)])
    assert (found.id, found.obj) == ("contenttypes.E005", long)
    assert "at most 100 characters (got 101)" in found.msg
