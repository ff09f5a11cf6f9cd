"""Class statements that become models, and those that are refused with a sentence."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import orm
from orm import models
from orm.errors import (
    AppRegistryNotReady,
    DatabaseError,
    FieldDoesNotExist,
    FieldError,
    ImproperlyConfigured,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)
from orm.models.apps import Apps, app_label_of
from orm.models.metaclass import ModelBase


class Kept(models.Model):
    """Stands at module level, so that instances can be pickled."""

    name = models.CharField(max_length=20, default="x")


def test_model_and_its_awaitable_half_are_no_models() -> None:
    assert not hasattr(models.Model, "_meta")
    assert type(models.Model) is ModelBase


@pytest.fixture
def book_shelf() -> Any:
    class BookShelf(models.Model):
        width = models.IntegerField()
        room = models.CharField("the room", max_length=10)

    return BookShelf


def test_a_model_has_names_for_people_and_for_the_database(book_shelf: Any) -> None:
    meta = book_shelf._meta
    assert (meta.app_label, meta.object_name, meta.model_name) == ("tests", "BookShelf", "bookshelf")
    assert (meta.label, meta.label_lower, str(meta)) == ("tests.BookShelf", "tests.bookshelf", "tests.bookshelf")
    assert (meta.verbose_name, meta.verbose_name_plural) == ("book shelf", "book shelfs")
    assert meta.db_table == "tests_bookshelf"
    assert meta.get_field("room").verbose_name == "the room"
    assert book_shelf.__doc__ == "BookShelf(id, width, room)"


def test_a_model_that_declares_no_key_gets_one(book_shelf: Any) -> None:
    meta = book_shelf._meta
    assert [field.name for field in meta.concrete_fields] == ["id", "width", "room"]
    assert type(meta.pk) is models.BigAutoField
    assert meta.auto_field is meta.pk
    assert set(meta.names) == {"id", "width", "room", "pk"}
    assert meta.names["pk"] is meta.pk


def test_a_model_has_its_fields_and_a_manager_as_attributes(book_shelf: Any) -> None:
    assert book_shelf.width is book_shelf._meta.get_field("width")
    assert isinstance(book_shelf.objects, models.Manager)


def test_each_model_has_its_own_exceptions() -> None:
    class One(models.Model):
        pass

    class Two(models.Model):
        pass

    assert issubclass(One.DoesNotExist, ObjectDoesNotExist)
    assert issubclass(One.MultipleObjectsReturned, MultipleObjectsReturned)
    assert issubclass(One.NotUpdated, DatabaseError)
    assert One.DoesNotExist is not Two.DoesNotExist
    assert One.DoesNotExist.__qualname__.endswith("One.DoesNotExist")


def test_abstract_parents_give_fields_meta_and_managers() -> None:
    class People(models.Manager["Any"]):
        pass

    class Named(models.Model):
        name = models.CharField(max_length=10)
        note = models.TextField()

        people = People()

        class Meta:
            abstract = True
            ordering = ["name"]
            constraints = [models.UniqueConstraint(fields=["name"], name="%(app_label)s_%(class)s_name")]

    class Dated(models.Model):
        made = models.DateTimeField(auto_now_add=True)

        class Meta:
            abstract = True

    class Cat(Named, Dated):  # type: ignore[misc]
        note = models.CharField(max_length=5)
        legs = models.IntegerField(default=4)

    class Dog(Named):
        note = None  # type: ignore[assignment]

        class Meta(Named.Meta):
            ordering = ["-name"]

    assert [field.name for field in Cat._meta.fields] == ["id", "name", "made", "note", "legs"]
    assert type(Cat._meta.get_field("note")) is models.CharField
    assert [field.name for field in Dog._meta.fields] == ["id", "name"]
    assert Cat._meta.ordering == ["name"]
    assert Dog._meta.ordering == ["-name"]
    assert not Cat._meta.abstract and not Dog._meta.abstract
    assert Cat._meta.constraints[0].name == "tests_cat_name"
    assert Dog._meta.constraints[0].name == "tests_dog_name"
    assert Cat._meta.get_field("name") is not Dog._meta.get_field("name")
    assert Cat._meta.get_field("name").model is Cat
    assert type(Cat._default_manager) is People
    assert Cat._default_manager.model is Cat
    assert not hasattr(Cat, "objects")
    with pytest.raises(AttributeError, match="abstract"):
        Named.people.all()
    with pytest.raises(TypeError, match="Abstract models cannot be instantiated"):
        Named()


def test_a_proxy_shares_the_table() -> None:
    class Person(models.Model):
        name = models.CharField(max_length=10)

    class Friend(Person):
        class Meta:
            proxy = True
            ordering = ["name"]

    assert Friend._meta.db_table == Person._meta.db_table
    assert Friend._meta.concrete_fields == Person._meta.concrete_fields
    assert Friend._meta.concrete_model is Person
    assert issubclass(Friend.DoesNotExist, Person.DoesNotExist)
    assert Friend(pk=1) == Person(pk=1)
    assert Friend._meta.ordering == ["name"] and Person._meta.ordering == []
    with pytest.raises(FieldError, match="it has no table"):

        class Enemy(Person):
            age = models.IntegerField()

            class Meta:
                proxy = True

    with pytest.raises(TypeError, match="no non-abstract model base class"):

        class Nobody(models.Model):
            class Meta:
                proxy = True


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("pk", "primary key"),
        ("rating_", "underscore"),
        ("my__name", "'__'"),
        ("save", "'save'"),
        ("adelete", "'adelete'"),
        ("full_clean", "'full_clean'"),
        ("class", "Python name"),
        ("two words", "Python name"),
    ],
)
def test_names_a_field_cannot_have(name: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        ModelBase("Bad", (models.Model,), {"__module__": __name__, name: models.IntegerField()})


def test_keys_that_contradict_each_other() -> None:
    with pytest.raises(ImproperlyConfigured, match="two primary keys"):

        class Twice(models.Model):
            one = models.IntegerField(primary_key=True)
            two = models.IntegerField(primary_key=True)

    with pytest.raises(ImproperlyConfigured, match="id is not the primary key"):

        class NotKey(models.Model):
            id = models.IntegerField()

    with pytest.raises(ImproperlyConfigured, match="primary_key=True"):

        class Stray(models.Model):
            number = models.AutoField()

    with pytest.raises(ImproperlyConfigured, match="can't be null"):
        models.IntegerField(primary_key=True, null=True)


def test_two_fields_on_one_column() -> None:
    with pytest.raises(ImproperlyConfigured, match="share the column 'a'"):

        class Shared(models.Model):
            a = models.IntegerField()
            b = models.IntegerField(db_column="a")


def test_unknown_meta_names_the_nearest() -> None:
    with pytest.raises(TypeError, match=r"invalid attribute\(s\): order_by, in Misspelt. Did you mean 'ordering'"):

        class Misspelt(models.Model):
            class Meta:
                order_by = ["x"]

    with pytest.raises(TypeError, match="Did you mean 'ordering'"):

        class Again(models.Model):
            class Meta:
                orderin = ["x"]

    with pytest.raises(TypeError, match="ordering must be a list"):

        class Text(models.Model):
            class Meta:
                ordering = "name"


def test_meta_names_fields_that_exist() -> None:
    with pytest.raises(FieldDoesNotExist, match="unique_together.*'nmae'.*Did you mean 'name'"):

        class Wrong(models.Model):
            name = models.CharField(max_length=3)

            class Meta:
                unique_together = ("name", "nmae")

    with pytest.raises(FieldDoesNotExist, match="index"):

        class Indexed(models.Model):
            class Meta:
                indexes = [models.Index(fields=["-nothing"])]


def test_get_field_names_the_nearest() -> None:
    class Thing(models.Model):
        colour = models.CharField(max_length=3)

    with pytest.raises(FieldDoesNotExist, match="Did you mean 'colour'"):
        Thing._meta.get_field("color")
    with pytest.raises(FieldDoesNotExist):
        Thing._meta.get_field("pk")


def test_two_models_of_one_label() -> None:
    class Same(models.Model):
        pass

    with pytest.raises(RuntimeError, match="Conflicting 'same' models in application 'tests'"):
        ModelBase("Same", (models.Model,), {"__module__": "tests.models.elsewhere", "__qualname__": "Same"})


def test_a_reloaded_module_replaces_its_models(registry: Apps) -> None:
    def declare() -> Any:
        return ModelBase("Again", (models.Model,), {"__module__": __name__, "__qualname__": "Again"})

    declare()
    with pytest.warns(RuntimeWarning, match="was already registered"):
        second = declare()
    assert registry.get_model("tests.Again") is second


def test_a_model_declared_again_is_the_one_its_relations_lead_back_to(registry: Apps) -> None:
    class Writer(models.Model):
        pass

    def declare() -> Any:
        names = {
            "__module__": __name__,
            "__qualname__": "Novel",
            "writer": models.ForeignKey(Writer, models.CASCADE),
            "readers": models.ManyToManyField(Writer, related_name="read"),
        }
        return ModelBase("Novel", (models.Model,), names)

    declare()
    with pytest.warns(RuntimeWarning, match="was already registered"):
        second = declare()
    far_sides = Writer._meta.get_fields(include_hidden=True)
    sources = [rel.related_model for rel in far_sides if rel.auto_created and not rel.concrete]
    assert sources == [second, second.readers.through, second]
    assert [rel.related_model for rel in Writer._meta.related_objects] == [second, second]
    assert vars(Writer)["novel_set"].rel.related_model is second
    assert [error.id for error in second.check()] == []


def test_the_registry_finds_and_waits(registry: Apps) -> None:
    seen: list[Any] = []
    registry.lazy(lambda *found: seen.append(found), "tests.First", ("tests", "Second"))
    assert registry.pending() == ["tests.first"]

    class First(models.Model):
        pass

    assert seen == []

    class Second(models.Model):
        pass

    assert seen == [(First, Second)]
    assert registry.pending() == []
    assert registry.get_model("tests", "first") is First
    assert registry.get_models() == [First, Second]
    with pytest.raises(LookupError, match="Did you mean tests.First"):
        registry.get_model("tests.Frist")
    with pytest.raises(ValueError, match="'app_label.ModelName'"):
        registry.get_model("First")


@pytest.mark.parametrize(
    ("module", "installed", "label"),
    [
        ("shop.models", (), "shop"),
        ("company.shop.models", (), "shop"),
        ("company.shop.models.orders", (), "shop"),
        ("company.shop.orders", (), "shop"),
        ("report", (), "report"),
        ("__main__", (), "main"),
        ("company.shop.models.orders", ("company", "company.shop"), "shop"),
        ("company.billing.tables", ("company",), "company"),
    ],
)
def test_app_labels(module: str, installed: tuple[str, ...], label: str) -> None:
    assert app_label_of(module, installed) == label


def test_managers_by_name() -> None:
    class Thing(models.Model):
        first = models.Manager["Any"]()
        second = models.Manager["Any"]()

        class Meta:
            default_manager_name = "second"

    assert Thing._default_manager is Thing.second
    assert Thing._base_manager is not Thing.first
    with pytest.raises(ImproperlyConfigured, match="its managers are"):

        class Lost(models.Model):
            class Meta:
                default_manager_name = "nothing"

        Lost._default_manager.all()


def test_a_field_called_objects_needs_a_manager_of_another_name() -> None:
    with pytest.raises(ValueError, match="another name"):

        class Box(models.Model):
            objects = models.IntegerField()  # type: ignore[assignment]


def test_overriding_one_form_gives_the_other() -> None:
    calls: list[str] = []

    class Loud(models.Model):
        async def asave(self, *args: Any, **kwargs: Any) -> None:
            calls.append("asave")

    class Quiet(models.Model):
        def save(self, *args: Any, **kwargs: Any) -> None:
            calls.append("save")

    Loud().save()
    coroutine = Quiet().asave()
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert calls == ["asave", "save"]


def test_copies_and_pickles_keep_values_and_state() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        original = Kept(name="a", pk=3)
        for twin in (copy.copy(original), copy.deepcopy(original), pickle.loads(pickle.dumps(original))):
            assert type(twin) is Kept and twin == original
            assert (twin.name, twin._state.adding, twin._state.db) == ("a", True, None)
            assert twin._state is not original._state
    field = Kept._meta.get_field("name")
    assert copy.deepcopy(field) is field
    assert pickle.loads(pickle.dumps(field)) is field


def test_a_value_is_given_once() -> None:
    class Twin(models.Model):
        name = models.CharField(max_length=9)
        other = models.ForeignKey("self", models.CASCADE, null=True)

        class Meta:
            app_label = "twins"

    message = r"Twin\(\) got both positional and keyword arguments for field '{}'\."
    with pytest.raises(TypeError, match=message.format("name")):
        Twin(None, "Ada", name="Ben")
    with pytest.raises(TypeError, match=message.format("other")):
        Twin(None, "Ada", 1, other_id=2)


@pytest.fixture
def key_class() -> Iterator[Callable[[str | None], None]]:
    yield lambda path: orm.configure(default_auto_field=path)
    orm.configure(default_auto_field="BigAutoField")


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        (None, ImproperlyConfigured, "DEFAULT_AUTO_FIELD must not be empty"),
        ("nowhere.Field", ImproperlyConfigured, "refers to the module 'nowhere.Field' that could not be imported"),
        ("orm.models.Nothing", ImproperlyConfigured, "that could not be imported"),
        ("orm.models.TextField", ValueError, "referred by DEFAULT_AUTO_FIELD must subclass AutoField"),
    ],
)
def test_the_class_of_implicit_keys_is_refused_where_it_can_not_be_one(
    key_class: Callable[[str | None], None], path: str | None, error: type[Exception], message: str
) -> None:
    key_class(path)
    with pytest.raises(error, match=message):

        class Keyless(models.Model):
            class Meta:
                app_label = "keyless"


def test_fields_of_hidden_relations_are_told_when_asked_for() -> None:
    class Tag(models.Model):
        class Meta:
            app_label = "hidden"

    class Post(models.Model):
        class Meta:
            app_label = "hidden"

        tags: models.ManyToManyField[Any] = models.ManyToManyField(Tag, related_name="+")

    assert [field.name for field in Tag._meta.get_fields()] == ["id"]
    assert any(field.hidden for field in Tag._meta.get_fields(include_hidden=True))


def test_a_registry_whose_readiness_is_taken_back_says_so() -> None:
    registry = Apps(["orm.contrib.contenttypes"])
    registry.apps_ready = False
    with pytest.raises(AppRegistryNotReady, match="Apps aren't loaded yet"):
        registry.get_containing_app_config("orm.contrib.contenttypes.models")
    registry.apps_ready, registry.models_ready = True, False
    with pytest.raises(AppRegistryNotReady, match="Models aren't loaded yet"):
        registry.get_models()
