"""Checks a cleaned value must pass, with Django's names, codes and messages.

Regular expressions are compiled at their first use, so that importing models stays cheap.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from orm.errors import ValidationError
from orm.late import ipaddress, urls
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from orm.structures.deconstruct import Deconstructed


compiled = lru_cache(maxsize=256)(re.compile)


class DeclaredValidator:
    """What validators share: they are written into files as they were made, and equal where they check the same."""

    _declared: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: object, **options: object) -> Self:
        self = super().__new__(cls)
        self._declared = (args, options)
        return self

    def deconstruct(self) -> Deconstructed:
        """Import path, positional and keyword arguments that make this validator again."""
        args, options = self._declared
        return public_path(type(self)), args, dict(options)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and {**vars(other), "_declared": ()} == {**vars(self), "_declared": ()}

    def __hash__(self) -> int:
        return hash((type(self), getattr(self, "code", None)))


class RegexValidator(DeclaredValidator):
    """The value, as text, must contain a match of ``regex`` (or none, with ``inverse_match``)."""

    regex: str | re.Pattern[str] = ""
    message = "Enter a valid value."
    code = "invalid"
    inverse_match = False
    flags = 0

    def __init__(
        self,
        regex: str | re.Pattern[str] | None = None,
        message: str | None = None,
        code: str | None = None,
        inverse_match: bool | None = None,
        flags: int | None = None,
    ) -> None:
        self.regex = self.regex if regex is None else regex
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code
        self.inverse_match = self.inverse_match if inverse_match is None else inverse_match
        self.flags = self.flags if flags is None else flags
        if self.flags and not isinstance(self.regex, str):
            raise TypeError("If the flags are set, regex must be a regular expression string.")

    def __call__(self, value: object) -> None:
        pattern = self.regex if isinstance(self.regex, re.Pattern) else compiled(self.regex, self.flags)
        if bool(pattern.search(str(value))) is self.inverse_match:
            raise ValidationError(self.message, code=self.code, params={"value": value})


EMPTY_VALUES: tuple[Any, ...] = (None, "", [], (), {})
"""What is no value, for fields that say nothing else."""

LOGIN = r"[^\s:@/]+(:[^\s:@/]*)?\Z"
"""A name and a password before the host of a URL."""

PORT = r"(\]|^[^:]*)(:\d{1,5})?\Z"
"""The end of a host, with a number of a port or none."""


class URLValidator(RegexValidator):
    """The value must be an absolute URL whose scheme is one of ``schemes``."""

    message = "Enter a valid URL."
    schemes: tuple[str, ...] = ("http", "https", "ftp", "ftps")
    max_length = 2048

    def __init__(self, schemes: list[str] | tuple[str, ...] | None = None, **options: Any) -> None:
        super().__init__(**options)
        if schemes is not None:
            self.schemes = tuple(schemes)

    def __call__(self, value: object) -> None:
        if not isinstance(value, str) or len(value) > self.max_length or not self._is_url(value):
            raise ValidationError(self.message, code=self.code, params={"value": value})

    def _is_url(self, value: str) -> bool:
        if compiled(r"[\s\x00-\x1f]").search(value):
            return False
        try:
            parts = urls.urlsplit(value)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            return False
        login, at, place = parts.netloc.rpartition("@")
        known = parts.scheme.lower() in self.schemes and (host == "localhost" or is_host(host))
        return known and (not at or bool(compiled(LOGIN).match(login))) and bool(compiled(PORT).search(place))


class DomainNameValidator(RegexValidator):
    """The value must be the name of a host with a top-level domain; of ASCII alone, without ``accept_idna``."""

    message = "Enter a valid domain name."
    max_length = 255

    def __init__(self, *, accept_idna: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.accept_idna = accept_idna

    def __call__(self, value: Any) -> None:
        known = isinstance(value, str) and len(value) <= self.max_length and (self.accept_idna or value.isascii())
        if not known or is_address(value) or not is_host(value):
            raise ValidationError(self.message, code=self.code, params={"value": value})


class EmailValidator(DeclaredValidator):
    """The value must be an e-mail address whose domain is a host name (or in ``allowlist``)."""

    message = "Enter a valid email address."
    code = "invalid"
    user = (
        r"(?i)(^[-!#$%&'*+/=?^_`{}|~0-9A-Z]+(\.[-!#$%&'*+/=?^_`{}|~0-9A-Z]+)*\Z"
        r'|^"([\001-\010\013\014\016-\037!#-\[\]-\177]|\\[\001-\011\013\014\016-\177])*"\Z)'
    )

    def __init__(
        self,
        message: str | None = None,
        code: str | None = None,
        allowlist: list[str] | tuple[str, ...] = ("localhost",),
    ) -> None:
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code
        self.allowlist = tuple(allowlist)

    def __call__(self, value: object) -> None:
        user, at, domain = str(value).rpartition("@")
        if domain[:1] == "[" and domain[-1:] == "]":
            known = is_address(domain[1:-1])
        else:
            known = domain in self.allowlist or (is_host(domain) and not is_address(domain) and domain[-1] != ".")
        if not at or len(str(value)) > 320 or not compiled(self.user).match(user) or not known:
            raise ValidationError(self.message, code=self.code, params={"value": value})


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_host(host: str) -> bool:
    """Whether ``host`` is a dotted host name or an IP address."""
    if is_address(host):
        return True
    label = r"(?!-)[A-Za-z0-9\u00a1-\uffff-]{1,63}(?<!-)"
    # No top-level domain has one letter.
    return len(host) <= 253 and bool(compiled(rf"^({label}\.)+(?!\d+\Z)(?=[^.]{{2}}){label}\.?\Z").match(host))


class BaseValidator(DeclaredValidator):
    """A value, or a measure of it, is compared with ``limit_value``; subclasses give ``compare`` and ``clean``."""

    message = "Ensure this value is %(limit_value)s (it is %(show_value)s)."
    code = "limit_value"

    def __init__(self, limit_value: object, message: str | None = None) -> None:
        self.limit_value = limit_value
        self.message = self.message if message is None else message

    def __call__(self, value: object) -> None:
        limit = self.limit_value() if callable(self.limit_value) else self.limit_value
        shown = self.clean(value)
        if self.compare(shown, limit):
            params = {"limit_value": limit, "show_value": shown, "value": value}
            raise ValidationError(self.message, code=self.code, params=params)

    def compare(self, a: object, b: object) -> bool:
        """Whether ``a`` breaks the limit ``b``."""
        return a is not b

    def clean(self, x: Any) -> Any:
        """What is compared."""
        return x


class MaxValueValidator(BaseValidator):
    """At most the limit."""

    message = "Ensure this value is less than or equal to %(limit_value)s."
    code = "max_value"

    def compare(self, a: Any, b: Any) -> bool:
        return bool(a > b)


class MinValueValidator(BaseValidator):
    """At least the limit."""

    message = "Ensure this value is greater than or equal to %(limit_value)s."
    code = "min_value"

    def compare(self, a: Any, b: Any) -> bool:
        return bool(a < b)


class StepValueValidator(BaseValidator):
    """A whole number of steps of the limit's size away from ``offset``, or from nought."""

    message = "Ensure this value is a multiple of step size %(limit_value)s."
    code = "step_size"

    def __init__(self, limit_value: object, message: str | None = None, offset: object = None) -> None:
        super().__init__(limit_value, message)
        self.offset = offset
        if message is None and offset is not None:
            self.message = (
                "Ensure this value is a multiple of step size %(limit_value)s, starting from %(offset)s, e.g. "
                "%(offset)s, %(valid_value1)s, %(valid_value2)s, and so on."
            )

    def __call__(self, value: object) -> None:
        step: Any = self.limit_value() if callable(self.limit_value) else self.limit_value
        start: Any = self.offset or 0
        if self.compare(value - start, step):
            params: dict[str, Any] = {"limit_value": step, "value": value}
            if self.offset is None:
                params["show_value"] = value
            else:
                params |= {"offset": start, "valid_value1": start + step, "valid_value2": start + 2 * step}
            raise ValidationError(self.message, code=self.code, params=params)

    def compare(self, a: Any, b: Any) -> bool:
        steps = float(a) / float(b)
        return not math.isfinite(steps) or not math.isclose(steps, round(steps), abs_tol=1e-9)


class MaxLengthValidator(BaseValidator):
    """At most so many characters (or items)."""

    code = "max_length"

    def __init__(self, limit_value: object, message: str | None = None) -> None:
        super().__init__(limit_value, message)
        if message is None:
            noun = "character" if limit_value == 1 else "characters"
            self.message = f"Ensure this value has at most %(limit_value)s {noun} (it has %(show_value)s)."

    def compare(self, a: Any, b: Any) -> bool:
        return bool(a > b)

    def clean(self, x: Any) -> int:
        return len(x)


class MinLengthValidator(MaxLengthValidator):
    """At least so many characters (or items)."""

    code = "min_length"

    def __init__(self, limit_value: object, message: str | None = None) -> None:
        super().__init__(limit_value, message)
        self.message = self.message.replace("at most", "at least") if message is None else message

    def compare(self, a: Any, b: Any) -> bool:
        return bool(a < b)


class DecimalValidator(DeclaredValidator):
    """At most ``max_digits`` digits, of which at most ``decimal_places`` after the point."""

    def __init__(self, max_digits: int | None, decimal_places: int | None) -> None:
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def __call__(self, value: Any) -> None:
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise ValidationError("Enter a number.", code="invalid", params={"value": value})
        decimals = max(-exponent, 0)
        total = max(len(digits) + max(exponent, 0), decimals) if any(digits) else decimals
        if self.max_digits is not None and total > self.max_digits:
            self._refuse("max_digits", self.max_digits, "digit%s in total", value)
        if self.decimal_places is not None and decimals > self.decimal_places:
            self._refuse("max_decimal_places", self.decimal_places, "decimal place%s", value)
        if self.max_digits is not None and self.decimal_places is not None:
            whole = self.max_digits - self.decimal_places
            if total - decimals > whole:
                self._refuse("max_whole_digits", whole, "digit%s before the decimal point", value)

    def _refuse(self, code: str, limit: int, noun: str, value: object) -> None:
        text = f"Ensure that there are no more than %(max)s {noun % ('' if limit == 1 else 's')}."
        raise ValidationError(text, code=code, params={"max": limit, "value": value})


class ProhibitNullCharactersValidator(DeclaredValidator):
    """No NUL in the text: databases refuse or cut it."""

    message = "Null characters are not allowed."
    code = "null_characters_not_allowed"

    def __init__(self, message: str | None = None, code: str | None = None) -> None:
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code

    def __call__(self, value: object) -> None:
        if "\x00" in str(value):
            raise ValidationError(self.message, code=self.code, params={"value": value})


class FileExtensionValidator(DeclaredValidator):
    """The file's name must end in one of ``allowed_extensions``, in any case; where that is None, in anything."""

    message = "File extension “%(extension)s” is not allowed. Allowed extensions are: %(allowed_extensions)s."
    code = "invalid_extension"

    def __init__(
        self, allowed_extensions: Iterable[str] | None = None, message: str | None = None, code: str | None = None
    ) -> None:
        self.allowed_extensions = (
            None if allowed_extensions is None else [extension.lower() for extension in allowed_extensions]
        )
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code

    def __eq__(self, other: object) -> bool:
        """Whether both take the same endings, in whichever order they were named."""
        return type(other) is type(self) and self._identity() == other._identity()

    __hash__ = DeclaredValidator.__hash__

    def _identity(self) -> tuple[object, ...]:
        return self.allowed_extensions and frozenset(self.allowed_extensions), self.message, self.code

    def __call__(self, value: Any) -> None:
        extension = os.path.splitext(value.name)[1].removeprefix(".").lower()
        if self.allowed_extensions is not None and extension not in self.allowed_extensions:
            params = {"extension": extension, "allowed_extensions": ", ".join(self.allowed_extensions), "value": value}
            raise ValidationError(self.message, code=self.code, params=params)


def validate_image_file_extension(value: object) -> None:
    """Refuse a file whose name ends in nothing that Pillow reads. Raises ``ImportError`` without Pillow."""
    images = import_module("PIL.Image")  # an optional package
    images.init()
    FileExtensionValidator([extension.removeprefix(".") for extension in images.EXTENSION])(value)


def _refuse_other(value: object, parse: Callable[[Any], object], noun: str) -> None:
    try:
        parse(value if isinstance(value, str) else str(value))
    except ValueError as problem:
        text = f"Enter a valid {noun} address."
        raise ValidationError(text, code="invalid", params={"protocol": noun, "value": value}) from problem


def validate_ipv4_address(value: object) -> None:
    """Refuse what is no address of IPv4."""
    _refuse_other(value, ipaddress.IPv4Address, "IPv4")


def validate_ipv6_address(value: object) -> None:
    """Refuse what is no address of IPv6."""
    _refuse_other(value, ipaddress.IPv6Address, "IPv6")


def validate_ipv46_address(value: object) -> None:
    """Refuse what is an address of neither."""
    _refuse_other(value, ipaddress.ip_address, "IPv4 or IPv6")


def ip_address_validators(protocol: str, unpack_ipv4: bool) -> list[Callable[[Any], None]]:
    """Return what checks addresses of a protocol: ``both``, ``ipv4`` or ``ipv6``.

    Raises ``ValueError`` for another, and for ``unpack_ipv4`` where only one of them is allowed.
    """
    if protocol != "both" and unpack_ipv4:
        raise ValueError("You can only use `unpack_ipv4` if `protocol` is set to 'both'")
    known = {"both": validate_ipv46_address, "ipv4": validate_ipv4_address, "ipv6": validate_ipv6_address}
    if protocol.lower() not in known:
        raise ValueError(f"The protocol '{protocol}' is unknown. Supported: {list(known)}")
    return [known[protocol.lower()]]


validate_email = EmailValidator()
validate_domain_name = DomainNameValidator()
validate_slug = RegexValidator(
    r"^[-a-zA-Z0-9_]+\Z",
    "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
)
validate_unicode_slug = RegexValidator(
    r"^[-\w]+\Z",
    "Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens.",
)
integer_validator = RegexValidator(r"^-?\d+\Z", "Enter a valid integer.")


def validate_integer(value: object) -> None:
    """Refuse what is no whole number, in figures."""
    integer_validator(value)


def int_list_validator(
    sep: str = ",", message: str | None = None, code: str = "invalid", allow_negative: bool = False
) -> RegexValidator:
    """A validator of whole numbers with ``sep`` between them, negative ones too if ``allow_negative``."""
    number = rf"{'-?' if allow_negative else ''}\d+"
    return RegexValidator(rf"^{number}(?:{re.escape(sep)}{number})*\Z", message=message, code=code)


validate_comma_separated_integer_list = int_list_validator(message="Enter only digits separated by commas.")
