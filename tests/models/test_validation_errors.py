"""``ValidationError``: one error, several, or those of each field, with their codes."""

from __future__ import annotations

import pytest

from orm import models
from orm.errors import NON_FIELD_ERRORS, ValidationError
from orm.models.fields.validators import MinValueValidator


def test_a_single_error_fills_its_params_into_its_message_when_it_is_read() -> None:
    error = ValidationError("At least %(least)s.", code="few", params={"least": 3})
    assert (error.message, error.code, error.params) == ("At least %(least)s.", "few", {"least": 3})
    assert error.messages == list(error) == ["At least 3."]
    assert error.error_list == [error]
    assert not hasattr(error, "error_dict")
    assert repr(error) == "ValidationError(['At least 3.'])"


def test_several_errors_are_told_one_by_one() -> None:
    error = ValidationError(["a", ValidationError("b", code="second"), ValidationError({"name": "c"})])
    assert error.messages == ["a", "b", "c"]
    assert [getattr(one, "code", None) for one in error.error_list] == [None, "second", None]
    assert not hasattr(error, "message")


def test_errors_of_fields_keep_their_codes() -> None:
    error = ValidationError({"name": ["short", ValidationError("odd", code="odd")], "age": "low"})
    assert error.message_dict == dict(error) == {"name": ["short", "odd"], "age": ["low"]}
    assert [one.code for one in error.error_dict["name"]] == [None, "odd"]
    assert error.messages == ["short", "odd", "low"]
    assert str(error) == "{'name': ['short', 'odd'], 'age': ['low']}"


def test_errors_are_added_to_those_of_fields() -> None:
    found = ValidationError("a").update_error_dict({})
    assert ValidationError({"name": "b"}).update_error_dict(found) is found
    assert {name: [one.message for one in errors] for name, errors in found.items()} == {
        NON_FIELD_ERRORS: ["a"], "name": ["b"],
    }  # fmt: skip


def test_an_error_of_an_error_is_that_error() -> None:
    for error in (ValidationError("a", code="c"), ValidationError(["a", "b"]), ValidationError({"x": "a"})):
        assert ValidationError(error) == error
        assert hash(ValidationError(error)) == hash(error)


@pytest.mark.parametrize(
    "other",
    [
        ValidationError("a"),
        ValidationError("%(x)s", code="c", params={"x": 2}),
        ValidationError("1", code="c"),
        ValidationError([ValidationError("%(x)s", code="c", params={"x": 1})]),
        ValidationError({"x": ValidationError("%(x)s", code="c", params={"x": 1})}),
        "text",
    ],
)
def test_errors_that_say_something_else_are_not_equal(other: object) -> None:
    assert ValidationError("%(x)s", code="c", params={"x": 1}) != other


def test_the_order_in_which_errors_were_found_does_not_matter() -> None:
    assert ValidationError(["a", "b"]) == ValidationError(["b", "a"])
    assert ValidationError({"x": "a", "y": "b"}) == ValidationError({"y": "b", "x": "a"})


def test_validators_of_a_field_are_told_with_their_codes() -> None:
    field = models.IntegerField(
        validators=[MinValueValidator(3)], error_messages={"min_value": "More than %(limit_value)s."}
    )
    with pytest.raises(ValidationError) as found:
        field.run_validators(1)
    (error,) = found.value.error_list
    assert (error.code, error.messages) == ("min_value", ["More than 3."])
