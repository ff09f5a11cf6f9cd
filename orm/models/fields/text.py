"""Text: strings of a limited or unlimited length, and those of a certain form.

To type checkers the limited ones are one class, so that their overloaded constructors stand in one place. Forms (an
address, a slug) are checked by ``full_clean``, not when saving, as in Django.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.errors import ImproperlyConfigured, ValidationError
from orm.late import late_module
from orm.models.checks.late import field_checks
from orm.models.fields.base import Field, Validator
from orm.models.fields.validators import (
    MaxLengthValidator,
    URLValidator,
    validate_email,
    validate_ipv4_address,
    validate_ipv6_address,
    validate_ipv46_address,
    validate_slug,
    validate_unicode_slug,
)
from orm.text.addresses import clean_ipv6_address

if TYPE_CHECKING:
    from typing import Literal, overload

    from typing_extensions import TypeVar, Unpack

    from orm.checks import messages
    from orm.checks.messages import CheckMessage
    from orm.models.fields.base import FieldOptions

    StrT = TypeVar("StrT", default=str)

    class TextOptions(FieldOptions, total=False):
        """Options of the text fields."""

        max_length: int | None
        db_collation: str | None

    class CharOptions(TextOptions, total=False):
        """Options of the text fields of one line; the last three belong to slugs and addresses."""

        allow_unicode: bool
        protocol: str
        unpack_ipv4: bool

else:
    from typing import TypeVar

    messages = late_module("orm.checks.messages")

    StrT = TypeVar("StrT")


class CharField(Field[StrT]):
    """Text of at most ``max_length`` characters (unlimited without it, where the database allows that).

    ``db_collation`` names the database's collation of the column.
    """

    kind = "char"
    prepares_as_it_reads = True
    description = "String (up to %(max_length)s)"
    option_defaults: ClassVar[Mapping[str, Any]] = {"db_collation": None}
    exact_type = str
    empty_strings_allowed = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: CharField[str],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[CharOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: CharField[str | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[CharOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[CharOptions]) -> None: ...

    def __init__(self, *args: Any, db_collation: str | None = None, **options: Any) -> None:
        Field.__init__(self, *args, **options)
        self.db_collation = db_collation

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """Its length, where it has one."""
        return field_checks.max_length_checks(self)

    @cached_property
    def validators(self) -> list[Validator]:
        """The field's validators, and its length."""
        own = super().validators
        return own if self.max_length is None else [*own, MaxLengthValidator(self.max_length)]


if TYPE_CHECKING:
    EmailField = URLField = SlugField = GenericIPAddressField = CharField
else:

    class EmailField(CharField):
        """An e-mail address."""

        description = "Email address"
        column_class = "CharField"
        default_validators = [validate_email]

        def __init__(self, *args, **options):
            super().__init__(*args, **{"max_length": 254, **options})

    class URLField(CharField):
        """An absolute URL."""

        description = "URL"
        column_class = "CharField"
        default_validators = [URLValidator()]
        option_defaults = {"max_length": 200}

        def __init__(self, *args, **options):
            super().__init__(*args, **{"max_length": 200, **options})

    class SlugField(CharField):
        """Letters, digits, hyphens and underscores, for a part of a URL; indexed unless ``db_index=False``.

        Parameters: ``allow_unicode`` takes letters of every script.
        """

        description = "Slug (up to %(max_length)s)"
        option_defaults = {"max_length": 50, "db_index": True, "allow_unicode": False}

        def __init__(self, *args, allow_unicode=False, **options):
            super().__init__(*args, **{"max_length": 50, "db_index": True, **options})
            self.allow_unicode = allow_unicode
            self.default_validators = [validate_unicode_slug if allow_unicode else validate_slug]

    class GenericIPAddressField(Field):
        """An IPv4 or IPv6 address: a text for programs, in the database what it has for addresses.

        Parameters: ``protocol`` is "both", "IPv4" or "IPv6"; ``unpack_ipv4`` turns ``::ffff:192.0.2.1`` into
        ``192.0.2.1`` when cleaning.
        """

        kind = "address"
        exact_type = str
        description = "IP address"
        option_defaults = {"max_length": 39, "protocol": "both", "unpack_ipv4": False}
        default_error_messages = {
            "invalid": "Enter a valid %(protocol)s address.",
            "no_text": Field.default_error_messages["invalid"],
        }
        checks = {"both": validate_ipv46_address, "ipv4": validate_ipv4_address, "ipv6": validate_ipv6_address}

        def __init__(self, verbose_name=None, name=None, protocol="both", unpack_ipv4=False, **options):
            super().__init__(verbose_name, name, **{"max_length": 39, **options})
            if protocol.lower() not in self.checks:
                raise ImproperlyConfigured(f"protocol must be 'both', 'IPv4' or 'IPv6', not {protocol!r}.")
            if unpack_ipv4 and protocol.lower() != "both":
                raise ImproperlyConfigured("unpack_ipv4 needs protocol='both'.")
            self.protocol = protocol
            self.unpack_ipv4 = unpack_ipv4
            self.default_validators = [self.checks[protocol.lower()]]

        def own_checks(self, aliases, from_model):
            """An empty address is stored as NULL."""
            if self.blank and not self.null:
                said = (
                    "GenericIPAddressFields cannot have blank=True if null=False, as blank values are stored as nulls."
                )
                yield messages.Error(said, obj=self, id="fields.E150")

        def what_is_invalid(self, value):
            """That it is no text, if it is none; what is wrong with a text ``clean_ipv6_address`` says."""
            return "no_text", "invalid"

        def to_python(self, value):
            """The address without surrounding space, unpacked where asked for."""
            value = super().to_python(value)
            if value is None:
                return None
            value = value.strip()
            if ":" in value:
                return clean_ipv6_address(value, self.unpack_ipv4, self.error_messages["invalid"])
            return value

        def get_prep_value(self, value):
            """An empty address is NULL; one of version 6 is stored in one spelling, where it is an address."""
            value = super().get_prep_value(value) or None
            if value is not None and ":" in value:
                with contextlib.suppress(ValidationError):
                    return clean_ipv6_address(value, self.unpack_ipv4)
            return value


class TextField(Field[StrT]):
    """Text of any length. ``max_length`` is checked by ``full_clean`` only."""

    kind = "text"
    prepares_as_it_reads = True
    description = "Text"
    option_defaults: ClassVar[Mapping[str, Any]] = {"db_collation": None}
    exact_type = str
    empty_strings_allowed = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: TextField[str],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[TextOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: TextField[str | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[TextOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[TextOptions]) -> None: ...

    def __init__(self, *args: Any, db_collation: str | None = None, **options: Any) -> None:
        Field.__init__(self, *args, **options)
        self.db_collation = db_collation
