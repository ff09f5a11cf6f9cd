"""``ValidationError``, as Django documents it, and what a model's validation puts into one."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

from orm import models
from orm.errors import NON_FIELD_ERRORS, InvalidValue, ValidationError
from orm.models.fields.validators import (
    DomainNameValidator,
    FileExtensionValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
    StepValueValidator,
    validate_email,
)
from tests.saving.models import Room

SINGLE = ValidationError("more than %(limit)s", code="limit", params={"limit": 3})
MANY = ValidationError(["a", SINGLE, ValidationError(["b", "c"])])
BY_FIELD = ValidationError({"name": "x", "age": ["y", SINGLE]})


def test_a_single_error_has_a_message_a_code_and_parameters() -> None:
    assert (SINGLE.message, SINGLE.code, SINGLE.params) == ("more than %(limit)s", "limit", {"limit": 3})
    assert SINGLE.messages == list(SINGLE) == ["more than 3"]
    assert SINGLE.error_list == [SINGLE]
    assert str(SINGLE) == "['more than 3']"
    assert repr(SINGLE) == "ValidationError(['more than 3'])"


def test_a_list_is_flat() -> None:
    assert MANY.messages == ["a", "more than 3", "b", "c"]
    assert [error.code for error in MANY.error_list] == [None, "limit", None, None]
    assert not hasattr(MANY, "message")


def test_a_mapping_keeps_the_errors_of_each_field() -> None:
    assert BY_FIELD.message_dict == dict(BY_FIELD) == {"name": ["x"], "age": ["y", "more than 3"]}
    assert BY_FIELD.error_dict["age"][1].code == "limit"
    assert BY_FIELD.messages == ["x", "y", "more than 3"]
    assert not hasattr(BY_FIELD, "error_list")


def test_only_a_mapping_has_fields() -> None:
    assert not hasattr(SINGLE, "error_dict")
    with pytest.raises(AttributeError, match="error_dict"):
        _ = SINGLE.message_dict


@pytest.mark.parametrize("error", [SINGLE, MANY, BY_FIELD])
def test_one_made_of_another_is_like_it(error: ValidationError) -> None:
    again = ValidationError(error)
    assert again == error
    assert hash(again) == hash(error)
    assert str(again) == str(error)
    assert pickle.loads(pickle.dumps(error)) == error


def test_the_order_of_errors_says_nothing() -> None:
    assert ValidationError(["a", "b"]) == ValidationError(["b", "a"])
    assert ValidationError({"x": ["a", "b"]}) == ValidationError({"x": ["b", "a"]})
    assert ValidationError("a", code="1") != ValidationError("a", code="2")
    assert ValidationError("a") != ValidationError({"x": "a"})
    assert ValidationError("a") != ValidationError(["a"])


def test_errors_are_added_to_those_of_fields() -> None:
    errors = BY_FIELD.update_error_dict({"name": [SINGLE]})
    SINGLE.update_error_dict(errors)
    assert {field: len(found) for field, found in errors.items()} == {"name": 2, "age": 2, NON_FIELD_ERRORS: 1}


def test_a_value_that_no_field_can_read_is_one_with_its_text_for_a_word() -> None:
    assert str(InvalidValue("no date: %(it)s", params={"it": "x"})) == "no date: x"


# -- from a model ------------------------------------------------------------------------------------------------------


async def test_codes_reach_whoever_catches_it(database: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        await Room(number="x", name="far too long a name", floor=None).afull_clean()
    codes = {name: [error.code for error in errors] for name, errors in caught.value.error_dict.items()}
    assert codes == {"number": ["invalid"], "name": ["max_length"], "floor": ["null"]}


async def test_what_is_taken_says_of_which_model_and_fields(database: Any) -> None:
    await Room.objects.acreate(number=1, name="a")
    room = Room(number=1, name="a")
    with pytest.raises(ValidationError) as caught:
        await room.avalidate_unique()
    (name,), (both,) = caught.value.error_dict["name"], caught.value.error_dict[NON_FIELD_ERRORS]
    assert (name.code, both.code) == ("unique", "unique_together")
    assert name.params == {
        "model": room, "model_class": Room, "model_name": "Room", "unique_check": ("name",), "field_label": "Name",
    }  # fmt: skip
    assert both.params is not None
    assert both.params["field_labels"] == "Number and Floor"


def test_a_fields_own_message_takes_the_place_of_its_validators() -> None:
    field = models.IntegerField(validators=[StepValueValidator(3)], error_messages={"step_size": "by %(limit_value)s!"})
    with pytest.raises(ValidationError) as caught:
        field.run_validators(4)
    assert caught.value.messages == ["by 3!"]
    assert [error.code for error in caught.value.error_list] == ["step_size"]


# -- validators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validator", "good", "bad", "message"),
    [
        (StepValueValidator(3), 9, 4, "Ensure this value is a multiple of step size 3."),
        (
            StepValueValidator(3, offset=1), 7, 3,
            "Ensure this value is a multiple of step size 3, starting from 1, e.g. 1, 4, 7, and so on.",
        ),
        (StepValueValidator(0.1), 0.3, 0.35, "Ensure this value is a multiple of step size 0.1."),
        (DomainNameValidator(), "münchen.de", "a b", "Enter a valid domain name."),
        (DomainNameValidator(accept_idna=False), "example.org", "münchen.de", "Enter a valid domain name."),
        (DomainNameValidator(), "example.org", "127.0.0.1", "Enter a valid domain name."),
        (ProhibitNullCharactersValidator("No!"), "a", "\0", "No!"),
    ],
)  # fmt: skip
def test_a_validator_says_what_is_wrong(validator: Any, good: Any, bad: Any, message: str) -> None:
    validator(good)
    with pytest.raises(ValidationError) as caught:
        validator(bad)
    assert caught.value.messages == [message]


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


def test_a_files_extension_is_one_of_those_allowed() -> None:
    validator = FileExtensionValidator(["TXT"])
    validator(Named("a.txt"))
    with pytest.raises(ValidationError, match="File extension “jpg” is not allowed. Allowed extensions are: txt."):
        validator(Named("a.b.JPG"))
    FileExtensionValidator()(Named("anything"))
    assert validator == FileExtensionValidator(["txt"])


def test_flags_are_for_an_expression_that_is_not_compiled() -> None:
    with pytest.raises(TypeError, match="regex must be a regular expression string"):
        RegexValidator(re.compile("x"), flags=re.IGNORECASE)


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        (models.DateField(), "2020-13-01", "invalid_date"),
        (models.DateField(), "tomorrow", "invalid"),
        (models.TimeField(), "25:00", "invalid_time"),
        (models.TimeField(), "noon", "invalid"),
        (models.DateTimeField(), "2020-01-01 25:00", "invalid_datetime"),
        (models.DateTimeField(), "2020-13-01T10:00:00+02:00", "invalid_datetime"),
        (models.DateTimeField(), "2020-13-01", "invalid_date"),
        (models.DateTimeField(), "2020", "invalid"),
    ],
)
def test_a_text_in_the_right_form_that_is_no_moment_has_a_code_of_its_own(field: Any, text: str, code: str) -> None:
    with pytest.raises(ValidationError, match="correct format" if code != "invalid" else "invalid") as caught:
        field.to_python(text)
    assert caught.value.code == code


def test_a_programs_own_message_is_for_its_own_code() -> None:
    field = models.DateField(error_messages={"invalid_date": "No such day: %(value)s"})
    with pytest.raises(ValidationError, match="No such day: 2020-02-30"):
        field.to_python("2020-02-30")


def test_a_boolean_that_may_be_null_says_so() -> None:
    with pytest.raises(ValidationError, match="must be either True, False, or None"):
        models.BooleanField(null=True).to_python("x")


def test_a_constraint_can_be_checked_alone(database: Any) -> None:
    low = next(one for one in Room._meta.constraints if one.name == "saving_low")
    with pytest.raises(ValidationError, match="Constraint “saving_low” is violated"):
        low.validate(Room, Room(number=1, floor=200))
    low.validate(Room, Room(number=1, floor=2))
    low.validate(Room, Room(number=1, floor=200), exclude={"floor"})
    assert low.get_violation_error_message() == "Constraint “saving_low” is violated."
    note = next(one for one in Room._meta.constraints if one.name == "saving_note")
    assert note.get_violation_error_message() == "Noted."


@pytest.mark.parametrize("host", ["a@b.c", '"a"@b.c'])
def test_a_top_level_domain_has_two_letters(host: str) -> None:
    with pytest.raises(ValidationError, match="valid email"):
        validate_email(host)
