"""Fields by themselves: conversion, errors that name field and value, defaults, validation, choices."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from contextlib import nullcontext
from typing import Any

import pytest

from orm import models
from orm.errors import ImproperlyConfigured, InvalidValue, ValidationError
from orm.models.apps import Apps
from orm.models.fields.validators import (
    EmailValidator,
    MinLengthValidator,
    RegexValidator,
    StepValueValidator,
    URLValidator,
    is_host,
)
from orm.models.metaclass import ModelBase
from orm.sql import types
from orm.structures.lazy import lazy


class Suit(models.TextChoices):
    HEARTS = "H", "Hearts of red"
    SPADES = "S"
    __empty__ = "(none)"


class Size(models.IntegerChoices):
    SMALL = 1
    VERY_LARGE = 10


class Everything(models.Model):
    number = models.IntegerField(null=True)
    small = models.SmallIntegerField(null=True)
    count = models.PositiveIntegerField(null=True)
    flag = models.BooleanField(default=False)
    maybe = models.BooleanField(null=True)
    name = models.CharField(max_length=5)
    text = models.TextField(blank=True)
    slug = models.SlugField()
    email = models.EmailField()
    url = models.URLField()
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    span = models.DurationField(null=True)
    price = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    ratio = models.FloatField(null=True)
    key = models.UUIDField(null=True)
    extra = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True, unpack_ipv4=True)
    suit = models.CharField(max_length=1, choices=Suit, default=Suit.HEARTS)
    size = models.IntegerField(choices=[("Usual", [(1, "S"), (2, "M")]), (10, "XL")], null=True)
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)


def field(name: str) -> Any:
    return Everything._meta.get_field(name)


UTC = datetime.UTC
KEY = uuid.UUID("12345678123456781234567812345678")


@pytest.mark.parametrize(
    ("name", "given", "canonical"),
    [
        ("number", 5, 5),
        ("number", "5", 5),
        ("number", True, 1),
        ("flag", 1, True),
        ("name", Suit.HEARTS, "H"),
        ("name", 5, "5"),
        ("day", "2024-02-29", datetime.date(2024, 2, 29)),
        ("moment", "2024-02-29T12:00:00Z", datetime.datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("clock", "12:30", datetime.time(12, 30)),
        ("span", datetime.timedelta(1), datetime.timedelta(1)),
        ("price", "1.005", decimal.Decimal("1.005")),
        ("price", 3, decimal.Decimal("3.00")),
        ("price", 0.1, decimal.Decimal("0.10")),
        ("ratio", "0.5", 0.5),
        ("key", str(KEY), KEY),
        ("raw", bytearray(b"x"), b"x"),
        ("extra", {"a": [1]}, {"a": [1]}),
        ("number", None, None),
    ],
)
def test_canonical_values(name: str, given: Any, canonical: Any) -> None:
    value = field(name).get_prep_value(given)
    assert value == canonical
    assert type(value) is type(canonical)


@pytest.mark.parametrize(
    ("name", "given", "kind"),
    [
        ("number", "abc", ValueError),
        ("number", 1.5, ValueError),
        ("number", [], TypeError),
        ("flag", "perhaps", ValueError),
        ("name", b"x", TypeError),
        ("day", "yesterday", ValueError),
        ("moment", 5, TypeError),
        ("clock", "25:00", ValueError),
        ("span", 5, TypeError),
        ("price", "nan", ValueError),
        ("ratio", object(), TypeError),
        ("key", "no", ValueError),
        ("raw", "text", TypeError),
    ],
)
def test_refused_values_name_field_and_value(name: str, given: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        field(name).get_prep_value(given)
    assert f"tests.Everything.{name}" in str(caught.value)
    assert repr(given)[:20] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("number", "x", "“x” value must be an integer."),
        ("number", None, "This field cannot be blank."),
        ("small", 40000, "Ensure this value is less than or equal to 32767."),
        ("count", -1, "Ensure this value is greater than or equal to 0."),
        ("flag", "x", "“x” value must be either True or False."),
        ("flag", None, "“None” value must be either True or False."),
        ("name", "", "This field cannot be blank."),
        ("name", "abcdef", "Ensure this value has at most 5 characters (it has 6)."),
        ("slug", "a b", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
        ("email", "nobody", "Enter a valid email address."),
        ("url", "example.com", "Enter a valid URL."),
        ("day", "x", "“x” value has an invalid date format. It must be in YYYY-MM-DD format."),
        ("clock", "x", "“x” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format."),
        ("price", "x", "“x” value must be a decimal number."),
        ("price", "1234.5", "Ensure that there are no more than 3 digits before the decimal point."),
        ("ratio", "x", "“x” value must be a float."),
        ("key", "x", "“x” is not a valid UUID."),
        ("extra", {1j}, "Value must be valid JSON."),
        ("address", "1.2.3", "Enter a valid IPv4 or IPv6 address."),
        ("suit", "Z", "Value 'Z' is not a valid choice."),
        ("size", 3, "Value 3 is not a valid choice."),
    ],
)
def test_cleaning_uses_djangos_messages(name: str, given: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        field(name).clean(given, None)
    assert caught.value.messages == [message]


@pytest.mark.parametrize(
    ("name", "given", "cleaned"),
    [
        ("flag", False, False),
        ("maybe", "t", True),
        ("text", "", ""),
        ("email", "ada@example.org", "ada@example.org"),
        ("email", "ada@localhost", "ada@localhost"),
        ("url", "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("url", "http://localhost:8000/", "http://localhost:8000/"),
        ("span", "1 02:03:04.5", datetime.timedelta(1, hours=2, minutes=3, seconds=4.5)),
        ("span", "-0:30", datetime.timedelta(seconds=-30)),
        ("span", "90", datetime.timedelta(seconds=90)),
        ("address", "::ffff:192.0.2.1", "192.0.2.1"),
        ("size", 2, 2),
        ("price", "1.5", decimal.Decimal("1.5")),
    ],
)
def test_cleaning_converts(name: str, given: Any, cleaned: Any) -> None:
    assert field(name).clean(given, None) == cleaned


def test_what_is_not_given_is_the_default() -> None:
    plain = Everything()
    assert (plain.name, plain.number, plain.flag, plain.suit) == ("", None, False, "H")
    assert models.CharField(null=True).get_default() is None
    assert models.JSONField(default=dict).get_default() == {}
    assert models.IntegerField(db_default=3).get_default() == 3


def test_a_default_that_all_rows_would_share_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="default=dict"):
        models.JSONField(default={})


def test_a_default_of_the_database_is_no_function_of_pythons() -> None:
    with pytest.raises(ImproperlyConfigured, match="callable"):
        models.IntegerField(db_default=lambda: 3)


def test_auto_now_sets_the_instance_too(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Everything()
    made, changed = field("made"), field("changed")
    first = made.pre_save(instance, True)
    assert instance.made is first and first.tzinfo is not None
    assert made.pre_save(instance, False) is first
    assert changed.pre_save(instance, False) is instance.changed
    monkeypatch.setattr(types, "default_zone", None)
    assert changed.pre_save(instance, False).tzinfo is None
    assert not made.editable and made.blank
    with pytest.raises(ImproperlyConfigured, match="exclude each other"):
        models.DateField(auto_now=True, auto_now_add=True)
    with pytest.raises(ImproperlyConfigured, match="default"):
        models.DateField(auto_now=True, default=datetime.date.today)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: models.DecimalField(),
        lambda: models.DecimalField(max_digits=2, decimal_places=3),
        lambda: models.CharField(max_length=0),
        lambda: models.CharField(max_length="5"),  # type: ignore[call-overload]
        lambda: models.AutoField(),
    ],
)
def test_declarations_that_cannot_work(declare: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Wrong\.part"):
        ModelBase("Wrong", (models.Model,), {"__module__": __name__, "part": declare()})


def test_an_enumeration_of_choices_lists_them_with_labels() -> None:
    assert Suit.choices == [(None, "(none)"), ("H", "Hearts of red"), ("S", "Spades")]
    assert Suit.labels == ["(none)", "Hearts of red", "Spades"]
    assert Suit.values == [None, "H", "S"]
    assert Suit.names == ["__empty__", "HEARTS", "SPADES"]
    assert Size.choices == [(1, "Small"), (10, "Very Large")]


def test_a_choice_is_its_value() -> None:
    assert (str(Suit.HEARTS), f"{Suit.HEARTS}", Suit.HEARTS.label) == ("H", "H", "Hearts of red")
    assert "H" in Suit and "Z" not in Suit and Suit("S") is Suit.SPADES
    assert Size.SMALL + 1 == 2


def test_an_instance_shows_the_label_of_its_choice() -> None:
    everything = Everything(suit="S", size=2)
    assert everything.get_suit_display() == "Spades"  # type: ignore[attr-defined]
    assert everything.get_size_display() == "M"  # type: ignore[attr-defined]
    everything.size = None
    assert everything.get_size_display() is None  # type: ignore[attr-defined]


def test_choices_take_several_forms() -> None:
    assert field("size").flatchoices == [(1, "S"), (2, "M"), (10, "XL")]
    assert models.CharField(choices={"a": "A"}).choices == [("a", "A")]
    assert models.CharField(choices=lambda: [("a", "A")]).choices == [("a", "A")]


def test_choices_are_pairs_and_differ() -> None:
    with pytest.raises(TypeError, match="not a pair"):
        models.CharField(choices=["ab"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="duplicate"):

        class Twice(models.IntegerChoices):
            A = 1
            B = 1


def test_clone_and_deconstruct_repeat_the_declaration() -> None:
    original = models.DecimalField("cost", max_digits=4, decimal_places=1, null=True)
    copy = original.clone()
    assert copy is not original
    assert (copy.max_digits, copy.null, copy.verbose_name, copy.creation_counter) == (
        4, True, "cost", original.creation_counter,
    )  # fmt: skip
    name, path, args, options = field("price").deconstruct()
    assert (name, path, args) == ("price", "orm.models.DecimalField", [])
    assert options == {"max_digits": 5, "decimal_places": 2, "null": True}


def test_a_field_of_your_own() -> None:
    class UpperField(models.CharField[str]):
        def get_prep_value(self, value: Any) -> Any:
            value = super().get_prep_value(value)
            return value.upper() if isinstance(value, str) else value

    class Shout(models.Model):
        text = UpperField(max_length=9)

    assert Shout._meta.get_field("text").get_prep_value("abc") == "ABC"
    assert not Shout._meta.get_field("text").plain_prepare


def test_a_truth_value_is_written_as_it_is_unless_the_class_prepares_it() -> None:
    """What ``plain_prepare`` says spares each such value of each row the call."""

    class Inverted(models.BooleanField[bool]):
        def get_prep_value(self, value: Any) -> Any:
            return not super().get_prep_value(value)

    class Switch(models.Model):
        on = models.BooleanField()
        perhaps = models.BooleanField(null=True)
        off = Inverted()

    plain = {field.name: field.plain_prepare for field in Switch._meta.get_fields() if field.name != "id"}
    assert plain == {"on": True, "perhaps": True, "off": False}


def test_json_encoder() -> None:
    class Encoder(json.JSONEncoder):
        def default(self, o: Any) -> Any:
            return str(o) if isinstance(o, uuid.UUID) else super().default(o)

    encoded = models.JSONField(encoder=Encoder)
    assert encoded.get_prep_value({"key": KEY}) == {"key": str(KEY)}
    with pytest.raises(TypeError, match="not JSON serializable"):
        encoded.get_prep_value({"key": object()})


def test_own_messages_and_validators() -> None:
    own = models.CharField(
        max_length=3, validators=[MinLengthValidator(2)], error_messages={"max_length": "at most %(limit_value)s"}
    )
    own.set_attributes_from_name("x")
    with pytest.raises(ValidationError) as caught:
        own.run_validators("abcd")
    assert caught.value.messages == ["at most 3"]
    with pytest.raises(ValidationError, match="at least 2 characters"):
        own.run_validators("a")
    RegexValidator(r"^a")("abc")
    with pytest.raises(ValidationError, match="Enter a valid value"):
        RegexValidator(r"^a", inverse_match=True)("abc")
    assert RegexValidator("a") == RegexValidator("a") != RegexValidator("b")
    URLValidator(schemes=["ssh"])("ssh://example.org")
    EmailValidator(allowlist=["intranet"])("a@intranet")


@pytest.mark.parametrize(
    ("host", "valid"),
    [("example.org", True), ("a.b-c.de", True), ("-a.de", False), ("127.0.0.1", True), ("::1", True), ("com", False)],
)
def test_hosts(host: str, valid: bool) -> None:
    assert is_host(host) is valid


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("a@example.org", True),
        ("a@[127.0.0.1]", True),
        ("a@[::1]", True),
        ("a@localhost", True),
        ("a@127.0.0.1", False),
        ("a@[example.org]", False),
        ("a@example.org.", False),
        ("a@", False),
        ("example.org", False),
    ],
)
def test_addresses_of_mail(address: str, valid: bool) -> None:
    with nullcontext() if valid else pytest.raises(ValidationError, match="valid email address"):
        EmailValidator()(address)


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        ("http://example.org:80/a?b#c", True),
        ("http://name:password@example.org", True),
        ("http://[::1]:8000/", True),
        ("http://a:b:c@example.org", False),
        ("http://example.org:000080", False),
        ("http://example.org:x", False),
        ("http://example", False),
        ("ssh://example.org", False),
    ],
)
def test_urls(url: str, valid: bool) -> None:
    with nullcontext() if valid else pytest.raises(ValidationError, match="valid URL"):
        URLValidator()(url)


def test_a_class_leads_to_its_field_as_in_django() -> None:
    assert field("price").field is field("price")
    assert models.CASCADE.__name__ == "CASCADE"


def test_a_multiple_of_the_step_from_its_offset_is_valid() -> None:
    StepValueValidator(3)(9)
    StepValueValidator(0.5, offset=0.25)(1.25)


def test_what_is_no_multiple_of_the_step_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"multiple of step size 3\."):
        StepValueValidator(3)(10)
    with pytest.raises(ValidationError, match=r"starting from 0.25, e.g. 0.25, 0.75, 1.25, and so on"):
        StepValueValidator(0.5, offset=0.25)(1)
    for number in ("nan", "inf"):
        with pytest.raises(ValidationError, match="multiple"):
            StepValueValidator(3)(decimal.Decimal(number))


def test_a_decimal_is_rounded_when_it_is_stored() -> None:
    price = field("price")
    for given, stored in (("1.005", "1.00"), (0.1, "0.10"), (3, "3.00"), (None, None)):
        value = price.get_db_prep_save(given, None)
        assert value is None if stored is None else str(value) == stored
    for wrong in ("1e9", "12345.678"):
        with pytest.raises(ValueError, match="at most 5 digits"):
            price.get_db_prep_save(wrong, None)


def test_values_for_a_database_go_through_the_fields_own_methods() -> None:
    class Own(models.TextField):
        def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
            return f"{connection}:{super().get_db_prep_value(value, connection, prepared)}"

    assert models.TextField().stores_prepared
    assert not Own().stores_prepared
    assert Own().get_db_prep_save("x", "one") == "one:x"
    assert Own().store_preparer("two")("y") == "two:y"


def test_fields_come_in_the_order_of_their_declaration_those_the_library_made_first() -> None:
    first, made, last = models.Field(), models.Field(auto_created=True), models.Field()
    assert sorted([last, first, made]) == [made, first, last]
    copy = first.clone()
    assert copy != first
    assert not copy < first and not first < copy  # belonging to no model, neither comes first


def test_choices_of_a_menu() -> None:
    known = [("a", "A"), ("Group", [("b", "B")])]
    field = models.CharField(choices=known)
    assert field.get_choices() == [("", "---------"), *known]
    assert field.get_choices(include_blank=False) == known
    assert field.get_choices(blank_choice=[("", "none")])[0] == ("", "none")
    with_blank = [("Group", [("", "No preference"), ("b", "B")])]
    assert models.CharField(choices=with_blank).get_choices() == with_blank


def test_a_lazy_value_is_made_when_it_is_prepared() -> None:
    assert type(models.IntegerField().get_prep_value(lazy(lambda: 1, int)())) is int
    day = datetime.date(2026, 1, 2)
    assert models.DateField().get_prep_value(lazy(lambda: day, datetime.date)()) is day


def test_a_field_held_by_a_class_that_is_no_model_is_itself() -> None:
    class Holder:
        price = field("price")

    assert Holder().price is field("price")


def test_the_class_of_a_field_is_not_made_anew_for_what_it_holds() -> None:
    assert models.CharField[str] is models.CharField


def test_a_field_has_no_form() -> None:
    with pytest.raises(NotImplementedError, match="has no form field"):
        field("price").formfield()


def test_a_value_that_is_no_uuid_is_refused_by_name() -> None:
    with pytest.raises(InvalidValue, match="is not a valid UUID"):
        models.UUIDField(name="key").get_prep_value({})


def test_a_value_without_a_label_is_shown_as_it_is() -> None:
    class Suit(models.Model):
        rank = models.IntegerField(choices=[(1, "Ace")])

    assert (Suit(rank=1).get_rank_display(), Suit(rank=9).get_rank_display()) == ("Ace", 9)  # type: ignore[attr-defined]


def test_a_member_of_choices_shows_its_name_and_is_no_function_to_templates() -> None:
    assert repr(Suit.HEARTS) == "Suit.HEARTS"
    assert Suit.HEARTS.do_not_call_in_templates is True


def test_a_column_as_an_expression() -> None:
    class Meta:
        app_label = "columns"
        apps = Apps()

    side = models.IntegerField()
    area = models.GeneratedField(
        expression=models.F("side") * models.F("side"), output_field=models.FloatField(), db_persist=True
    )
    body = {"__module__": __name__, "Meta": Meta, "side": side, "area": area}
    square: Any = type("Square", (models.Model,), body)
    column = area.get_col("other")
    assert (column.alias, column.target) == ("other", area)
    assert isinstance(column.output_field, models.FloatField)
    assert area.get_col(square._meta.db_table) is area.cached_col is area.get_col(square._meta.db_table, area)
    assert isinstance(area.get_col(square._meta.db_table, side).output_field, models.IntegerField)


def test_a_column_that_refers_to_a_reference_has_the_type_at_the_end() -> None:
    registry = Apps()

    def keyed(name: str, target: str | None) -> Any:
        options = type("Meta", (), {"app_label": "columns", "apps": registry})
        key = {} if target is None else {"key": models.ForeignKey(target, models.CASCADE, primary_key=True)}
        return type(name, (models.Model,), {"__module__": __name__, "Meta": options, **key})

    end, near, round_about = keyed("End", None), keyed("Middle", "End"), keyed("Circle", "Other")
    keyed("Other", "Circle")
    far = keyed("Far", "Middle")
    assert near._meta.pk.get_col("x").output_field is end._meta.pk
    assert far._meta.pk.get_col("x").output_field is end._meta.pk
    with pytest.raises(ValueError, match="Cannot resolve output_field"):
        round_about._meta.pk.get_col("x")


def test_validators_can_be_added_to_a_field_and_replaced() -> None:
    class Even(models.IntegerField):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.validators.append(self.check_even)

        def check_even(self, value: int) -> None:
            if value % 2:
                raise ValidationError("odd")

    with pytest.raises(ValidationError, match="odd"):
        Even().run_validators(3)
    Even().run_validators(4)
    free = Even()
    free.validators = []
    free.run_validators(3)


def test_making_a_field_leaves_its_class_alone() -> None:
    """CPython forgets what it knows about a class, and all below it, when one of its attributes is set."""
    before = [dict(vars(cls)) for cls in models.IntegerField.__mro__]
    models.IntegerField(default=1, null=True)
    assert [dict(vars(cls)) for cls in models.IntegerField.__mro__] == before
