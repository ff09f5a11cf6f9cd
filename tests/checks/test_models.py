"""System checks: what a model that is declared wrong hears, where it is not refused at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import orm
from orm import models
from orm.checks import CheckMessage, CheckRegistry, Error, Tags, run_checks
from orm.models.apps import Apps
from orm.models.functions import Collate, Lower
from orm.postgresql import removed
from orm.postgresql.arrays import ArrayField
from orm.sql.handwritten import RawSQL
from orm.sql.lookups import GreaterThan


@pytest.fixture(autouse=True)
def lenient() -> Iterator[None]:
    """Models are left to their checks, as under the legacy import."""
    orm.configure("sqlite://:memory:", strict_models=False)
    yield
    orm.configure(strict_models=True)


def ids(model: Any) -> list[str | None]:
    return [message.id for message in model.check(databases=["default"])]


def declared(**attributes: Any) -> Any:
    """A model with these attributes, in a registry of its own."""
    options = attributes.pop("Meta", {})
    registry = attributes.pop("apps", None) or Apps()
    meta = type("Meta", (), {"app_label": "checked", "apps": registry, **options})
    return type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta, **attributes})


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (lambda: models.CharField(max_length=0), "fields.E121"),
        (lambda: models.IntegerField(max_length=3), "fields.W122"),
        (lambda: models.DecimalField(max_digits=3, decimal_places=5), "fields.E134"),
        (lambda: models.DecimalField(max_digits="x", decimal_places=1), "fields.E133"),
        (lambda: models.IntegerField(db_index="yes"), "fields.E006"),
        (lambda: models.CharField(max_length=1, choices=[("long", "Long")]), "fields.E009"),
        (lambda: models.CharField(max_length=9, validators=[True]), "fields.E008"),
        (lambda: models.DateField(auto_now=True, auto_now_add=True), "fields.E160"),
        (lambda: models.JSONField(default={}), "fields.E010"),
        (lambda: models.BinaryField(default="text"), "fields.E170"),
        (lambda: models.GenericIPAddressField(blank=True), "fields.E150"),
        (lambda: removed.PostgresJSONField(), "fields.E904"),
        (lambda: removed.CICharField(max_length=9), "fields.E905"),
        (lambda: removed.CIEmailField(), "fields.E906"),
        (lambda: removed.CITextField(), "fields.E907"),
        (lambda: models.ForeignKey("self", on_delete=models.SET_NULL), "fields.E320"),
        (lambda: models.ForeignKey("self", on_delete=models.SET_DEFAULT), "fields.E321"),
        (lambda: models.ForeignKey("checked.Missing", on_delete=models.CASCADE), "fields.E300"),
        (lambda: models.ForeignKey("self", on_delete=models.CASCADE, related_name="1x"), "fields.E306"),
        (lambda: models.ForeignKey("self", on_delete=models.CASCADE, to_field="nope"), "fields.E312"),
        (lambda: models.ManyToManyField("self", null=True), "fields.W340"),
        (lambda: models.ManyToManyField("checked.Missing"), "fields.E300"),
    ],
)
def test_a_field_declared_wrong(field: Callable[[], Any], expected: str) -> None:
    assert expected in ids(declared(value=field()))


@pytest.mark.parametrize(
    ("name", "expected"), [("value_", "fields.E001"), ("a__b", "fields.E002"), ("pk", "fields.E003")]
)
def test_names_that_queries_need(name: str, expected: str) -> None:
    assert expected in ids(declared(**{name: models.IntegerField()}))


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"ordering": ["nope"]}, "models.E015"),
        ({"ordering": "value"}, "models.E014"),
        ({"unique_together": [("value", "nope")]}, "models.E012"),
        ({"unique_together": 42}, "models.E010"),
        ({"indexes": [models.Index(fields=["nope"], name="by_nope")]}, "models.E012"),
        ({"indexes": [models.Index(fields=["value"], name="_hidden")]}, "models.E033"),
        ({"indexes": [models.Index(fields=["value"], name="i" * 31)]}, "models.E034"),
        ({"constraints": [models.CheckConstraint(condition=models.Q(nope=1), name="c")]}, "models.E012"),
        ({"constraints": [models.UniqueConstraint(fields=["nope"], name="u")]}, "models.E012"),
    ],
)
def test_options_that_name_nothing(meta: dict[str, Any], expected: str) -> None:
    assert expected in ids(declared(value=models.IntegerField(), Meta=meta))


def test_two_fields_of_one_column_and_two_keys() -> None:
    twice = declared(one=models.IntegerField(db_column="c"), two=models.IntegerField(db_column="c"))
    assert ids(twice) == ["models.E007"]
    keys = declared(one=models.IntegerField(primary_key=True), two=models.IntegerField(primary_key=True))
    assert ids(keys) == ["models.E026"]


def test_clashing_reverse_names_name_both_sides() -> None:
    thing = declared(
        one=models.ForeignKey("self", on_delete=models.CASCADE),
        two=models.ForeignKey("self", on_delete=models.CASCADE),
    )
    found = thing.check()
    assert [message.id for message in found] == ["fields.E304", "fields.E304"]
    assert found[0].msg == (
        "Reverse accessor 'Thing.thing_set' for 'checked.Thing.one' clashes with reverse accessor for "
        "'checked.Thing.two'."
    )
    assert "related_name" in (found[0].hint or "")


def test_a_sound_model_hears_nothing() -> None:
    sound = declared(
        value=models.IntegerField(),
        other=models.ForeignKey("self", on_delete=models.CASCADE, null=True),
        Meta={"ordering": ["-other__value", "pk"], "indexes": [models.Index(fields=["value"], name="by_value")]},
    )
    assert sound.check(databases=["default"]) == []


def test_messages_say_where_what_and_how() -> None:
    message = Error("It is wrong.", hint="Put it right.", obj=None, id="x.E1")
    assert str(message) == "?: (x.E1) It is wrong.\n\tHINT: Put it right."
    assert message == Error("It is wrong.", hint="Put it right.", id="x.E1")
    assert message.is_serious()
    assert not message.is_silenced()
    orm.configure(silenced_checks=["x.E1"])
    assert message.is_silenced()
    orm.configure(silenced_checks=[])


def test_a_registry_runs_what_is_asked_for() -> None:
    registry = CheckRegistry()

    @registry.register("mine", Tags.models)
    def mine(app_configs: Any, **options: Any) -> list[CheckMessage]:
        return [Error("mine")]

    @registry.register(Tags.database)
    def asks(app_configs: Any, databases: Any = None, **options: Any) -> list[CheckMessage]:
        return [] if databases is None else [Error(f"asked {list(databases)}")]

    @registry.register("later", deploy=True)
    def later(app_configs: Any, **options: Any) -> list[CheckMessage]:
        return [Error("later")]

    assert [m.msg for m in registry.run_checks()] == ["mine"]
    assert [m.msg for m in registry.run_checks(databases=["default"])] == ["mine", "asked ['default']"]
    assert [m.msg for m in registry.run_checks(tags=["later"], include_deployment_checks=True)] == ["later"]
    assert registry.tag_exists("mine")
    assert not registry.tag_exists("later")

    def takes_nothing() -> list[CheckMessage]:
        return []

    with pytest.raises(TypeError, match="keyword arguments"):
        registry.register(takes_nothing)


def test_all_models_are_checked_together() -> None:
    assert all(isinstance(message, CheckMessage) for message in run_checks(tags=[Tags.models]))


def test_unique_constraints_that_carry_columns_are_passed_over_with_a_warning() -> None:
    made = models.UniqueConstraint(fields=["name"], include=["age"], name="u")
    thing = declared(name=models.TextField(), age=models.IntegerField(), Meta={"constraints": [made]})
    assert ids(thing) == ["models.W039"]
    assert made.index_statement(thing, orm.databases["default"].dialect, False) is None
    able = {"constraints": [made], "required_db_features": {"supports_covering_indexes"}}
    assert ids(declared(name=models.TextField(), age=models.IntegerField(), Meta=able)) == []
    wrong = models.UniqueConstraint(fields=["name"], include=["missing"], name="u")
    assert "models.E012" in ids(declared(name=models.TextField(), Meta={"constraints": [wrong]}))


def test_indexes_that_carry_columns_are_made_without_them() -> None:
    index = models.Index(fields=["name"], include=["age"], name="i")
    thing = declared(name=models.TextField(), age=models.IntegerField(), Meta={"indexes": [index]})
    (warning,) = thing.check(databases=["default"])
    assert warning.id == "models.W040" and "Non-key columns will be ignored" in warning.hint


def test_a_foreign_key_refers_to_a_unique_field() -> None:
    registry = Apps()
    target = declared(code=models.IntegerField(), apps=registry)
    meta = type("Meta", (), {"app_label": "checked", "apps": registry})
    key = models.ForeignKey(target, on_delete=models.CASCADE, to_field="code")
    child: Any = type("Child", (models.Model,), {"__module__": __name__, "Meta": meta, "target": key})
    assert ids(child) == ["fields.E311"]
    assert child(target=target(code=5)).target_id == 5


@pytest.mark.parametrize("strict", [True, False])
def test_a_constraint_makes_a_field_unique_for_foreign_keys(strict: bool) -> None:
    orm.configure(strict_models=strict)
    registry = Apps()
    made = models.UniqueConstraint(fields=["code"], name="u")
    target = declared(code=models.IntegerField(), apps=registry, Meta={"constraints": [made]})
    meta = type("Meta", (), {"app_label": "checked", "apps": registry})
    key = models.ForeignKey(target, on_delete=models.CASCADE, to_field="code")
    child = type("Child", (models.Model,), {"__module__": __name__, "Meta": meta, "target": key})
    assert ids(child) == []


@pytest.mark.parametrize(
    ("options", "to_fields", "expected"),
    [
        ({}, ["country", "city"], ["fields.E310"]),
        ({"unique_together": [["country", "city"]]}, ["country", "city"], []),
        ({"constraints": [models.UniqueConstraint(fields=["city"], name="u")]}, ["country", "city"], []),
        (
            {"constraints": [models.UniqueConstraint(fields=["city"], condition=models.Q(city=1), name="u")]},
            ["country", "city"],
            ["fields.E310"],
        ),
        ({}, ["country", "id"], []),
        ({}, ["country", None], []),
        ({}, ["country", "nowhere"], ["fields.E312"]),
        ({"composite": True}, ["pk", "city"], ["fields.E347"]),
    ],
)
def test_a_foreign_object_refers_to_one_row(options: Any, to_fields: list[str], expected: list[str]) -> None:
    registry = Apps()
    options = dict(options)
    key = {"pk": models.CompositePrimaryKey("country", "city")} if options.pop("composite", False) else {}
    target = declared(country=models.IntegerField(), city=models.IntegerField(), apps=registry, Meta=options, **key)
    meta = type("Meta", (), {"app_label": "checked", "apps": registry})
    place = models.ForeignObject(target, models.SET_NULL, from_fields=["one", "two"], to_fields=to_fields, null=True)
    fields = {"one": models.IntegerField(), "two": models.IntegerField(), "place": place}
    child = type("Child", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})
    assert ids(child) == expected


@pytest.mark.parametrize(
    "options",
    [
        lambda: {"constraints": [models.UniqueConstraint(fields=["pk"], name="u")]},
        lambda: {"constraints": [models.UniqueConstraint(models.F("pk"), name="u")]},
        lambda: {"constraints": [models.CheckConstraint(condition=models.Q(pk__gt=(1, 2)), name="c")]},
        lambda: {"indexes": [models.Index(models.F("pk"), name="i")]},
    ],
)
def test_a_key_of_several_columns_is_in_no_constraint_or_index(options: Any) -> None:
    fields = {"pk": models.CompositePrimaryKey("a", "b"), "a": models.IntegerField(), "b": models.IntegerField()}
    assert ids(declared(**fields, Meta=options())) == ["models.E048"]
    if "constraints" not in options() or isinstance(options()["constraints"][0], models.UniqueConstraint):
        assert ids(declared(name=models.TextField(), Meta=options())) == []


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (("number", "missing"), "'missing' is not a valid field."),
        (("number", "maybe"), "'maybe' field may not set 'null=True'."),
        (("number", "twice"), "'twice' field is a generated field."),
        (("number", "pk"), "'pk' field has no column."),
        (("owner", "owner_id"), "'owner_id' and 'owner' are the same fields."),
    ],
)
def test_what_a_composite_key_is_made_of(names: tuple[str, ...], hint: str) -> None:
    thing = declared(
        pk=models.CompositePrimaryKey(*names),
        id=models.IntegerField(),
        number=models.IntegerField(),
        maybe=models.IntegerField(null=True),
        twice=models.GeneratedField(
            expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True
        ),
        owner=models.ForeignKey("checked.Owner", on_delete=models.CASCADE),
    )
    found = [message for message in thing.check(databases=["default"]) if message.id == "models.E042"]
    assert [message.hint for message in found] == [hint]
    assert "models.E004" not in ids(thing)


def test_a_composite_key_is_called_pk() -> None:
    thing = declared(key=models.CompositePrimaryKey("a", "b"), a=models.IntegerField(), b=models.IntegerField())
    assert "fields.E013" in ids(thing)


@pytest.mark.parametrize(
    "field", [lambda: models.ForeignKey("Key", models.CASCADE), lambda: models.ManyToManyField("Key")]
)
def test_a_relation_by_one_column_to_a_composite_key(field: Callable[[], Any]) -> None:
    registry = Apps()
    meta = type("Meta", (), {"app_label": "checked", "apps": registry})
    key = {"pk": models.CompositePrimaryKey("a", "b"), "a": models.IntegerField(), "b": models.IntegerField()}
    type("Key", (models.Model,), {"__module__": __name__, "Meta": meta, **key})
    assert "fields.E347" in ids(declared(apps=registry, key=field()))


def test_an_empty_related_name() -> None:
    field = models.ForeignKey("self", on_delete=models.CASCADE, related_name="")
    assert "fields.E306" in ids(declared(parent=field))


def test_a_relation_through_a_missing_model_is_about_that_model_alone() -> None:
    registry = Apps()
    declared(apps=registry)
    meta = type("Meta", (), {"app_label": "checked", "apps": registry})
    things = models.ManyToManyField("Thing", through="Missing")
    other = type("Other", (models.Model,), {"__module__": __name__, "Meta": meta, "things": things})
    assert ids(other) == ["fields.E331"]


def test_rows_have_no_order_by_a_relation_with_many_rows() -> None:
    assert ids(declared(others=models.ManyToManyField("self"), Meta={"ordering": ["others"]})) == ["models.E015"]


def test_a_choice_is_anything_that_gives_two_things() -> None:
    class Choice:
        def __iter__(self) -> Iterator[Any]:
            return iter(("a", "A"))

    assert ids(declared(value=models.CharField(max_length=9, choices=[Choice()]))) == []


def test_a_field_of_a_grandparent_is_left_to_the_checks() -> None:
    registry = Apps()
    oldest = declared(apps=registry, clash=models.IntegerField())
    parent = type("Parent", (oldest,), {"__module__": __name__, "Meta": meta_in(registry)})
    child: Any = type(
        "Child", (parent,), {"__module__": __name__, "Meta": meta_in(registry), "clash": models.IntegerField()}
    )
    assert ids(child) == ["models.E006"]


def test_a_field_with_the_name_of_a_childs_link_clashes() -> None:
    registry = Apps()
    parent = declared(apps=registry)
    child: Any = type(
        "Child", (parent,), {"__module__": __name__, "Meta": meta_in(registry), "child": models.TextField()}
    )
    assert [(found.id, found.obj) for found in child.check()] == [("models.E006", child._meta.get_field("child"))]


def test_a_second_link_to_a_grandparent_is_an_error_of_the_model() -> None:
    registry = Apps()
    oldest = declared(apps=registry)
    parent = type("Parent", (oldest,), {"__module__": __name__, "Meta": meta_in(registry)})
    child: Any = type("Child", (parent, oldest), {"__module__": __name__, "Meta": meta_in(registry)})
    assert [(found.id, found.obj) for found in child.check()] == [("models.E006", child)]


def test_a_field_called_pk_is_refused_by_its_check_alone() -> None:
    model = declared(pk=models.IntegerField())
    assert [(found.id, found.obj) for found in model.check()] == [("fields.E003", model._meta.get_field("pk"))]
    assert model._meta.get_field("pk").name == "pk"
    assert model(pk=3).pk == 3


@pytest.mark.parametrize("key", [True, False])
def test_one_field_of_a_model_is_numbered_by_the_database(key: bool) -> None:
    with pytest.raises(ValueError, match="Model checked.Thing can't have more than one auto-generated field"):
        declared(one=models.AutoField(primary_key=True), two=models.AutoField(primary_key=key))


def test_a_property_that_a_field_hides_clashes_with_nothing() -> None:
    class Cheese:
        @property
        def filling_id(self) -> int:
            return 1

    registry = Apps()
    fields = {"filling": models.ForeignKey("self", on_delete=models.CASCADE)}
    sandwich: Any = type(
        "Sandwich", (Cheese, models.Model), {"__module__": __name__, "Meta": meta_in(registry), **fields}
    )
    assert ids(sandwich) == []


def test_sql_of_the_users_is_found_however_deep_it_stands() -> None:
    inside = RawSQL("id = 0", (), output_field=models.BooleanField())
    wrapped = models.Q(models.ExpressionWrapper(models.Q(inside), output_field=models.BooleanField()))
    constraint = models.CheckConstraint(condition=wrapped, name="deep")
    assert ids(declared(Meta={"constraints": [constraint]})) == ["models.W045"]


@pytest.mark.parametrize(
    ("choice", "right"),
    [
        (("a", 1), True),
        (("a", None), True),
        (("group", {"a": "b"}), True),
        (("group", [("a", "b")]), True),
        (("a", {1}), False),
        (("a", b"x"), False),
        (((1, 2), "b"), False),
        (("group", [("a", [("b", "c")])]), False),
    ],
)
def test_a_choice_is_a_value_and_a_label_or_a_group(choice: Any, right: bool) -> None:
    field = models.CharField(max_length=30, choices=[choice])
    assert ids(declared(value=field)) == ([] if right else ["fields.E005"])


def test_the_choices_of_a_field_of_lists_are_lists() -> None:
    field = ArrayField(models.IntegerField(), choices=[((1, 2), "Few"), ("More", [([3, 4, 5], "Many")])])
    assert "fields.E005" not in ids(declared(value=field))


@pytest.mark.parametrize(
    ("default", "right"),
    [
        (lambda: models.Value(1) + models.Value(2), True),
        (lambda: Lower(models.Value("A")), True),
        (lambda: RawSQL("1", ()), True),
        (lambda: models.Case(models.When(GreaterThan(2, 1), then=3), default=4), True),
        (lambda: models.F("other"), False),
        (lambda: models.Value(1) + models.F("other"), False),
        (lambda: Collate(models.Value("a"), "nocase"), False),
        (lambda: models.OrderBy(models.Value(1)), False),
        (lambda: models.Count(models.Value(1)), False),
    ],
)
def test_a_default_of_the_database_is_made_of_values(default: Callable[[], Any], right: bool) -> None:
    field = models.TextField(db_default=default())
    assert ("fields.E012" not in [found.id for found in declared(value=field).check()]) is right


def meta_in(registry: Apps) -> type:
    return type("Meta", (), {"app_label": "checked", "apps": registry})
