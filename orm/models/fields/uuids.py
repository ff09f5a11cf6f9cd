"""UUIDs: a module of their own, since Python's takes as long to import as four of ours."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orm.models.fields.base import Field

if TYPE_CHECKING:
    from typing import Literal, overload

    from typing_extensions import TypeVar, Unpack

    from orm.models.fields.base import FieldOptions

    UuidT = TypeVar("UuidT", default=uuid.UUID)
else:
    from typing import TypeVar

    UuidT = TypeVar("UuidT")


class UUIDField(Field[UuidT]):
    """A UUID."""

    kind = "uuid"
    prepares_as_it_reads = True
    description = "Universally unique identifier"
    exact_type = uuid.UUID
    option_defaults: ClassVar[Mapping[str, Any]] = {"max_length": 32}
    max_length = 32
    default_error_messages = {"invalid": "“%(value)s” is not a valid UUID."}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: UUIDField[uuid.UUID],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: UUIDField[uuid.UUID | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[FieldOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...
