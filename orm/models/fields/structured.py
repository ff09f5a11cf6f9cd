"""Values that are not plain numbers, text or times: JSON documents, bytes. UUIDs are in ``uuids``."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orm.config import settings
from orm.errors import ImproperlyConfigured, ValidationError
from orm.late import late_module
from orm.models.checks.late import field_checks
from orm.models.fields.base import Field, Validator
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.models.fields.validators import MaxLengthValidator

if TYPE_CHECKING:
    import json
    from typing import Literal, overload

    from typing_extensions import TypeVar, Unpack

    from orm.checks import messages
    from orm.checks.messages import CheckMessage
    from orm.models.fields.base import FieldOptions
    from orm.sql.dialect import Dialect

    JsonT = TypeVar("JsonT", default=Any)
    BytesT = TypeVar("BytesT", default=bytes)

    class JSONOptions(FieldOptions, total=False):
        """Options of ``JSONField``."""

        encoder: type[json.JSONEncoder] | None
        decoder: type[json.JSONDecoder] | None

    class BinaryOptions(FieldOptions, total=False):
        """Options of ``BinaryField``."""

        max_length: int | None

else:
    from typing import TypeVar

    from orm.late import json

    messages = late_module("orm.checks.messages")

    JsonT = TypeVar("JsonT")
    BytesT = TypeVar("BytesT")


_PLAIN = frozenset({str, int, bool})
"""What JSON has as it is."""


class JSONField(Field[JsonT]):
    """A JSON document: dicts, lists, strings, numbers, booleans and None.

    Parameters: ``encoder`` is a ``json.JSONEncoder`` class for values that are none of these; ``decoder`` a
    ``json.JSONDecoder`` class that reads the database's text.
    """

    kind = "json"
    description = "A JSON object"
    option_defaults = {"encoder": None, "decoder": None}
    default_error_messages = {"invalid": "Value must be valid JSON."}

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        encoder: type[json.JSONEncoder] | None = None,
        decoder: type[json.JSONDecoder] | None = None,
        **options: Any,
    ) -> None:
        if decoder is not None and not callable(decoder):
            raise ValueError(
                f"The decoder parameter must be a callable object. JSONDecoder is one, {decoder!r} is none."
            )
        if encoder is not None and not callable(encoder):
            raise ValueError(
                f"The encoder parameter must be a callable object. JSONEncoder is one, {encoder!r} is none."
            )
        default = options.get("default", NOT_PROVIDED)
        if isinstance(default, (list, dict)) and settings.strict_models:
            raise ImproperlyConfigured(
                f"default={default!r} would be shared by all instances; "
                f"give a callable, such as default={type(default).__name__}."
            )
        super().__init__(verbose_name, name, **options)
        self.encoder = encoder
        self.decoder = decoder

    def column_check(self, column: str, dialect: Dialect) -> str | None:
        """Where the database takes the column for plain text, that it holds JSON is a condition of the table."""
        own = super().column_check(column, dialect)
        return dialect.json_check(column) if own is None else own

    def get_prep_value(self, value: Any) -> Any:
        """The document, after the encoder has had its say."""
        value = super().get_prep_value(value)
        if value is None or type(value) in _PLAIN or hasattr(value, "resolve_expression"):
            return value
        try:
            text = json.dumps(value, cls=self.encoder, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as problem:
            raise self.refusal(problem, value) from problem
        return value if self.encoder is None else json.loads(text)

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """A default that can be changed must not be shared."""
        return field_checks.shared_default_checks(self, "`dict` instead of `{}`")

    def value_to_string(self, instance: Any) -> Any:
        """The document itself, which fixtures hold as it is."""
        return self.value_from_object(instance)

    def validate(self, value: Any, instance: Any) -> None:
        """Also: it must be possible to write the value as JSON."""
        super().validate(value, instance)
        try:
            json.dumps(value, cls=self.encoder)
        except (TypeError, ValueError) as problem:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from problem


class BinaryField(Field[BytesT]):
    """Bytes. Not editable unless said so, as in Django."""

    kind = "binary"
    description = "Raw binary data"
    option_defaults = {"editable": False}
    exact_type = bytes
    empty_values: Sequence[Any] = [None, b""]

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: BinaryField[bytes],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[BinaryOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: BinaryField[bytes | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[BinaryOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[BinaryOptions]) -> None: ...

    def __init__(self, *args: Any, **options: Any) -> None:
        Field.__init__(self, *args, **{"editable": False, **options})

    def value_to_string(self, instance: Any) -> str:
        """The bytes in base64."""
        return b64encode(self.value_from_object(instance)).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """Bytes; a text is base64, as fixtures hold it. Raises ``ValidationError``."""
        if not isinstance(value, str):
            return super().to_python(value)
        try:
            return b64decode(value.encode("ascii"), validate=True)
        except ValueError as problem:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from problem

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """A default of bytes is bytes."""
        if isinstance(self.default, str):
            said = "BinaryField's default cannot be a string. Use bytes content instead."
            yield messages.Error(said, obj=self, id="fields.E170")

    @cached_property
    def validators(self) -> list[Validator]:
        """The field's validators, and its length."""
        own = super().validators
        return own if self.max_length is None else [*own, MaxLengthValidator(self.max_length)]
