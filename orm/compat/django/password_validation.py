"""``django.contrib.auth.password_validation``: is a new password good enough, as AUTH_PASSWORD_VALIDATORS says."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Any

from orm.compat.django.settings import settings
from orm.errors import FieldDoesNotExist, ValidationError
from orm.structures.lazy import lazy
from orm.structures.loading import import_string
from orm.text.html import format_html, format_html_join

__all__ = [
    "CommonPasswordValidator",
    "MinimumLengthValidator",
    "NumericPasswordValidator",
    "UserAttributeSimilarityValidator",
    "get_default_password_validators",
    "get_password_validators",
    "password_changed",
    "password_validators_help_text_html",
    "password_validators_help_texts",
    "validate_password",
]


def get_password_validators(validator_config: Any) -> list[Any]:
    """Return the validators that a setting describes."""
    return [import_string(each["NAME"])(**each.get("OPTIONS", {})) for each in validator_config]


def get_default_password_validators() -> list[Any]:
    """Return the validators of AUTH_PASSWORD_VALIDATORS."""
    return get_password_validators(settings.AUTH_PASSWORD_VALIDATORS)


def validate_password(password: str, user: object = None, password_validators: Any = None) -> None:
    """Raise ``ValidationError`` with what every validator has against a password."""
    errors = []
    for validator in get_default_password_validators() if password_validators is None else password_validators:
        try:
            validator.validate(password, user)
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors)


def password_changed(password: str, user: object = None, password_validators: Any = None) -> None:
    """Tell the validators that want to know of a new password."""
    for validator in get_default_password_validators() if password_validators is None else password_validators:
        if hasattr(validator, "password_changed"):
            validator.password_changed(password, user)


def password_validators_help_texts(password_validators: Any = None) -> list[str]:
    """Return what the validators ask of a password."""
    validators = get_default_password_validators() if password_validators is None else password_validators
    return [validator.get_help_text() for validator in validators]


def _help_text_html(password_validators: Any = None) -> str:
    texts = password_validators_help_texts(password_validators)
    items = format_html_join("", "<li>{}</li>", ((text,) for text in texts))
    return format_html("<ul>{}</ul>", items) if items else ""


password_validators_help_text_html = lazy(_help_text_html, str)


class MinimumLengthValidator:
    """Asks for a number of characters."""

    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for a password that is too short."""
        if len(password) < self.min_length:
            raise ValidationError(
                "This password is too short. It must contain at least %(min_length)d "
                + ("character." if self.min_length == 1 else "characters."),
                code="password_too_short",
                params={"min_length": self.min_length},
            )

    def get_help_text(self) -> str:
        """Return what is asked."""
        unit = "character" if self.min_length == 1 else "characters"
        return f"Your password must contain at least {self.min_length} {unit}."


class UserAttributeSimilarityValidator:
    """Asks for a password that is unlike the user's name and address."""

    DEFAULT_USER_ATTRIBUTES = ("username", "first_name", "last_name", "email")

    def __init__(self, user_attributes: Any = DEFAULT_USER_ATTRIBUTES, max_similarity: float = 0.7) -> None:
        if max_similarity < 0.1:
            raise ValueError("max_similarity must be at least 0.1")
        self.user_attributes = user_attributes
        self.max_similarity = max_similarity

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ``ValidationError`` for a password too like an attribute of the user, or a part of one."""
        lowered = password.lower()
        for name in self.user_attributes if user is not None else ():
            value = getattr(user, name, None)
            if not value or not isinstance(value, str):
                continue
            for part in [*re.split(r"\W+", value.lower()), value.lower()]:
                if part and SequenceMatcher(a=lowered, b=part).quick_ratio() >= self.max_similarity:
                    raise ValidationError(
                        "The password is too similar to the %(verbose_name)s.",
                        code="password_too_similar",
                        params={"verbose_name": self._label(user, name)},
                    )

    @staticmethod
    def _label(user: Any, name: str) -> str:
        try:
            return str(user._meta.get_field(name).verbose_name)
        except FieldDoesNotExist:
            return name

    def get_help_text(self) -> str:
        """Return what is asked."""
        return "Your password can’t be too similar to your other personal information."


class CommonPasswordValidator:
    """Asks for a password that is on no list of common ones.

    Parameters: ``password_list_path`` is the list, a password on each line; Duotone brings none.
    """

    def __init__(self, password_list_path: Any = None) -> None:
        if password_list_path is None:
            raise NotImplementedError(
                "Duotone brings no list of common passwords: give CommonPasswordValidator the OPTIONS "
                "{'password_list_path': ...}, a file with a password on each line."
            )
        with open(password_list_path, encoding="utf-8") as lines:
            self.passwords = {line.strip() for line in lines}

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for a password on the list."""
        if password.lower().strip() in self.passwords:
            raise ValidationError("This password is too common.", code="password_too_common")

    def get_help_text(self) -> str:
        """Return what is asked."""
        return "Your password can’t be a commonly used password."


class NumericPasswordValidator:
    """Asks for a password that is no number."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for a password of digits only."""
        if password.isdigit():
            raise ValidationError("This password is entirely numeric.", code="password_entirely_numeric")

    def get_help_text(self) -> str:
        """Return what is asked."""
        return "Your password can’t be entirely numeric."
