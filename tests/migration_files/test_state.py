"""The models of a point in history as classes."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.migrations.model_state import ModelState
from orm.migrations.operations import CreateModel, RenameField
from orm.migrations.references import get_related_models_recursive
from orm.migrations.state import ProjectState
from orm.models.apps import Apps
from orm.models.relations.foreign_object import ForeignObject
from tests.query.models import Book


def test_models_of_applications_without_migrations_have_their_relations_in_the_end() -> None:
    state = ProjectState(real_apps={Book._meta.app_label})
    whole = state.whole_apps().get_model(Book._meta.label)
    assert whole is not Book
    assert whole._meta.get_field("author").related_model is whole._meta.apps.get_model("query.Author")
    parts = {field.name for field in state.apps.get_model(Book._meta.label)._meta.fields}
    assert "author" not in parts, "while there may be models that are not there"


def declared(class_name: str, registry: Apps, *bases: Any, **attributes: Any) -> Any:
    options = {"app_label": "stated", "apps": registry, **attributes.pop("Meta", {})}
    body = {"__module__": __name__, "Meta": type("Meta", (), options), **attributes}
    return type(class_name, bases or (models.Model,), body)


def test_a_renamed_field_is_renamed_in_relations_of_several_columns() -> None:
    key = models.ForeignKey("Target", models.CASCADE, to_field="code")
    several = ForeignObject("Target", models.CASCADE, from_fields=("key",), to_fields=("code",))
    target = [("id", models.AutoField(primary_key=True)), ("code", models.IntegerField(unique=True))]
    near = [("id", models.AutoField(primary_key=True)), ("key", key), ("several", several)]
    state = ProjectState()
    for name, fields in (("Target", target), ("Near", near)):
        state.add_model(ModelState("stated", name, fields))
    RenameField("Target", "code", "number").state_forwards("stated", state)
    RenameField("Near", "key", "fresh").state_forwards("stated", state)
    fields = state.models["stated", "near"].fields
    assert (fields["several"].from_fields, fields["several"].to_fields) == (("fresh",), ("number",))
    assert fields["fresh"].deconstruct()[3]["to_field"] == "number"


def test_a_join_model_whose_other_end_is_missing_is_told_of() -> None:
    registry = Apps()
    declared("Author", registry)
    magazine = declared("Magazine", registry, authors=models.ManyToManyField("Author"))
    state = ProjectState()
    state.add_model(ModelState.from_model(magazine))
    with pytest.raises(
        ValueError, match=r"Magazine\.authors was declared .*\n.*\.Magazine_authors\.author was declared"
    ):
        _ = state.apps


def test_indexes_have_their_names_on_the_model_already_each_child_of_an_abstract_one_its_own() -> None:
    registry = Apps()
    options = {"abstract": True, "indexes": [models.Index(fields=["name"])]}
    base = declared("Base", registry, name=models.CharField(max_length=9), Meta=options)
    meta = {"__module__": __name__, "Meta": type("Meta", (base.Meta,), {"app_label": "stated", "apps": registry})}
    one: Any = type("One", (base,), dict(meta))
    other: Any = type("Other", (base,), dict(meta))
    names = {one._meta.indexes[0].name, other._meta.indexes[0].name}
    assert len(names) == 2
    assert all(name.startswith("stated_") for name in names)
    assert ModelState.from_model(one).options["indexes"] == one._meta.indexes


def test_a_child_of_an_abstract_models_meta_says_that_it_is_not_abstract() -> None:
    registry = Apps()
    base = declared("Base", registry, Meta={"abstract": True})
    meta = type("Meta", (base.Meta,), {"app_label": "stated", "apps": registry})
    child: Any = type("Child", (base,), {"__module__": __name__, "Meta": meta})
    assert ModelState.from_model(child).options["abstract"] is False


def test_a_field_may_be_called_as_the_column_of_an_order_is() -> None:
    model = declared("Record", Apps(), _order=models.PositiveSmallIntegerField())
    assert list(ModelState.from_model(model).fields) == ["id", "_order"]


def test_a_relation_to_a_proxy_is_one_to_the_model_it_stands_for() -> None:
    registry = Apps()
    model = declared("Real", registry)
    proxy = declared("Proxy", registry, model, Meta={"proxy": True})
    user = declared("User", registry, key=models.ForeignKey("Proxy", models.CASCADE))
    assert get_related_models_recursive(user) == {("stated", "real"), ("stated", "proxy")}
    assert ("stated", "user") in get_related_models_recursive(proxy)


def test_a_base_is_refused_twice_whatever_the_case_of_its_label() -> None:
    with pytest.raises(ValueError, match="Found duplicate value stated.real in CreateModel bases argument"):
        CreateModel("Child", fields=[], bases=("stated.Real", "stated.real"))


def test_a_constraints_message_is_there_where_none_was_given() -> None:
    constraint = models.UniqueConstraint(fields=["name"], name="u")
    assert constraint.violation_error_message == "Constraint “%(name)s” is violated."
    assert "violation_error_message" not in repr(constraint)
    assert "violation_error_message" not in constraint.deconstruct()[2]


def test_managers_that_are_made_the_same_way_are_equal() -> None:
    model = declared("Managed", Apps(), one=models.Manager(), other=models.Manager())
    assert model.one == model.other
    assert model.one != type("Special", (models.Manager,), {})()
