"""``Field.deconstruct``: what declares a field again, told as a program would write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm import models
from orm.config import settings
from orm.files.storage import FileSystemStorage
from orm.migrations.serializer import serializer_factory
from orm.models.apps import Apps
from orm.models.fields.removed import CommaSeparatedIntegerField, IPAddressField, NullBooleanField
from orm.models.functions import Lower
from orm.models.relations.resolve import SettingsReference

registry = Apps()


def options(field: Any) -> dict[str, Any]:
    return dict(field.deconstruct()[3])


def storage() -> FileSystemStorage:
    return FileSystemStorage("/tmp")


def test_a_field_without_options_tells_none() -> None:
    assert models.IntegerField().deconstruct() == (None, "orm.models.IntegerField", [], {})


def test_what_stands_in_a_default_place_is_told_by_keyword() -> None:
    assert models.CharField("title", max_length=9).deconstruct()[2:] == ([], {"verbose_name": "title", "max_length": 9})


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (models.AutoField(primary_key=True), {"primary_key": True}),
        (models.CharField(max_length=9, null=False, blank=False), {"max_length": 9}),
        (models.EmailField(), {"max_length": 254}),
        (models.URLField(), {}),
        (models.SlugField(), {}),
        (models.SlugField(db_index=False, max_length=9), {"db_index": False, "max_length": 9}),
        (models.GenericIPAddressField(protocol="IPv6"), {"protocol": "IPv6"}),
        (models.DecimalField(max_digits=5, decimal_places=0), {"max_digits": 5, "decimal_places": 0}),
        (models.DateField(auto_now=True), {"auto_now": True}),
        (models.DateTimeField(auto_now_add=True, blank=True), {"auto_now_add": True}),
        (models.BinaryField(), {}),
        (models.BinaryField(editable=True), {"editable": True}),
        (models.JSONField(), {}),
        (models.FileField(), {"upload_to": ""}),
        (models.FileField(upload_to="a", storage=storage), {"upload_to": "a", "storage": storage}),
        (models.ImageField(width_field="w"), {"upload_to": "", "width_field": "w"}),
        (models.FilePathField(match=r"\d"), {"match": r"\d"}),
        (models.UUIDField(validators=[print], error_messages={"null": "none"}),
         {"validators": [print], "error_messages": {"null": "none"}}),
        (IPAddressField(), {}),
        (NullBooleanField(), {}),
        (CommaSeparatedIntegerField(max_length=9), {"max_length": 9}),
    ],
)  # fmt: skip
def test_options_that_go_without_saying_are_left_out(field: Any, told: dict[str, Any]) -> None:
    assert options(field) == told


def test_choices_are_told_as_they_were_given() -> None:
    def choices() -> list[tuple[str, str]]:
        return [("a", "A")]

    assert options(models.CharField(choices=choices)) == {"choices": choices}
    assert options(models.CharField(choices=iter([("a", "A")]))) == {"choices": [("a", "A")]}


def test_a_relation_tells_its_target_in_small_letters() -> None:
    field = models.ForeignKey("shop.Author", models.CASCADE)
    assert field.deconstruct() == (
        None, "orm.models.ForeignKey", [], {"to": "shop.author", "on_delete": models.CASCADE},
    )  # fmt: skip


def test_a_relation_tells_the_names_that_were_given_not_those_made_of_them() -> None:
    class Owner(models.Model):
        class Meta:
            app_label = "deconstruction"
            apps = registry
            default_related_name = "everything"

        parent: models.ForeignKey[Any] = models.ForeignKey("self", models.CASCADE, related_query_name="%(class)s_of")
        friends: models.ManyToManyField[Any] = models.ManyToManyField("self")

    meta = Owner._meta
    assert options(meta.get_field("parent")) == {
        "to": "deconstruction.owner", "on_delete": models.CASCADE, "related_query_name": "%(class)s_of",
    }  # fmt: skip
    assert options(meta.get_field("friends")) == {"to": "deconstruction.owner"}


def test_an_option_that_a_class_chooses_for_its_base_is_told_and_can_be_taken_out() -> None:
    class HandField(models.CharField[str]):
        def __init__(self, *args: Any, **options: Any) -> None:
            options["max_length"] = 104
            super().__init__(*args, **options)

        def deconstruct(self) -> Any:
            name, path, args, options = super().deconstruct()
            del options["max_length"]
            return name, path, args, options

    assert options(HandField(null=True)) == {"null": True}


def test_an_option_that_a_class_does_not_describe_is_told_if_given_by_keyword() -> None:
    class ListField(models.TextField[str]):
        def __init__(self, *args: Any, separator: str = ",", **options: Any) -> None:
            self.separator = separator
            super().__init__(*args, **options)

    assert options(ListField(separator=";")) == {"separator": ";"}


def test_a_class_of_a_program_tells_where_it_stands() -> None:
    assert Shout().deconstruct()[1] == "tests.models.test_deconstruction.Shout"


class Shout(models.CharField[str]):
    """A field of a program."""


@pytest.fixture
def other_names() -> Iterator[None]:
    before = settings.migration_imports
    orm.configure(migration_imports={"orm.models": "shop.orm"})
    yield
    orm.configure(migration_imports=before)


@pytest.mark.usefixtures("other_names")
def test_the_settings_say_what_the_librarys_modules_are_called() -> None:
    assert models.CharField().deconstruct()[1] == "shop.orm.CharField"


@pytest.fixture
def swapped() -> Iterator[None]:
    before = settings.swapped_models
    orm.configure(swapped_models={"DECONSTRUCTION_USER": "shop.Account"})
    yield
    orm.configure(swapped_models=before)


@pytest.mark.usefixtures("swapped")
def test_a_target_that_a_setting_names_is_told_with_that_setting() -> None:
    class User(models.Model):
        class Meta:
            app_label = "deconstruction"
            swappable = "DECONSTRUCTION_USER"

    try:
        target = options(models.ForeignKey("shop.Account", models.CASCADE))["to"]
        followed = options(models.ForeignKey("shop.Account", models.CASCADE, swappable=False))["to"]
    finally:
        User._meta.apps.unregister(User)
    assert target == followed == "shop.account"
    assert isinstance(target, SettingsReference)
    assert target.setting_name == "DECONSTRUCTION_USER"
    assert not isinstance(followed, SettingsReference)


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (models.F("x"), "orm.models.F"),
        (models.Q(x=1), "orm.models.Q"),
        (Lower("x"), "orm.models.functions.Lower"),
        (models.Manager(), None),
        (FileSystemStorage("/srv"), "orm.files.FileSystemStorage"),
    ],
)
def test_the_path_is_where_a_program_gets_the_class_from(made: Any, path: str | None) -> None:
    parts = made.deconstruct()
    assert parts[0] == path if path else parts[1] == "orm.models.Manager"


def test_what_was_not_given_is_named_in_a_file() -> None:
    text, imports = serializer_factory(models.NOT_PROVIDED).serialize()
    assert (text, imports) == ("orm.models.fields.NOT_PROVIDED", {"import orm.models.fields"})
