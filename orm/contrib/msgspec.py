"""msgspec structs made from models: to read, to create and to patch; and models as what an encoder is given.

    AuthorRead = read_schema(Author)                                   # every column
    BookRead = read_schema(Book, nested={"author": AuthorRead})        # and the author, where it is loaded
    msgspec.json.encode(from_instance(BookRead, book))
    AuthorCreate, AuthorPatch = create_schema(Author), patch_schema(Author)
    Author.objects.create(**given(msgspec.json.decode(body, type=AuthorCreate)))

Nothing here asks the database: a nested relation is there when it was loaded (``select_related``, ``prefetch_related``,
``await book.author``) and ``UNSET``, which msgspec leaves out, when not. What this module refuses: names a model does
not have, deferred values, and in what is created or patched every name that is not in the schema. As always with
msgspec, limits are checked where something is decoded or converted, not where a struct is made by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from orm.contrib.schemas import chosen, is_required, loaded, relation_place, target_of, value_type
from orm.errors import ValidationError
from orm.models import Model
from orm.models import fields as columns
from orm.sql.types import INTEGER_RANGES

try:
    import msgspec
    from msgspec import UNSET, Meta, Struct, UnsetType
except ModuleNotFoundError as error:
    raise ImportError("orm.contrib.msgspec needs msgspec: pip install duotone[msgspec]") from error

if TYPE_CHECKING:
    from orm.models.fields import Field

R = TypeVar("R", bound="ReadStruct")


class ReadStruct(Struct, kw_only=True):
    """Base of what is read; :func:`from_instance` makes one of an instance."""

    __relations__: ClassVar[Mapping[str, tuple[str, type[ReadStruct], bool]]] = {}
    """The nested relations: under which name each keeps what is loaded, its schema, and whether there are many."""


class WriteStruct(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of what is created or patched; :func:`given` says what was given."""

    __checks__: ClassVar[Mapping[str, Callable[[Any], object]]] = {}
    """What of a column's limits msgspec has no words for."""

    def __post_init__(self) -> None:
        for name, check in type(self).__checks__.items():
            value = getattr(self, name)
            if value is UNSET or value is None:
                continue
            try:
                check(value)
            except ValidationError as error:
                raise ValueError(f"{name}: {' '.join(error.messages)}") from error


def from_instance(schema: type[R], instance: Model) -> R:
    """Return what a schema shows of an instance, without asking the database.

    Raises ``ValueError`` for a column that is deferred.
    """
    relations = schema.__relations__
    places = {name: place for name, (place, _, _) in relations.items()}
    values = loaded(instance, schema.__struct_fields__, places)
    for name, (_, nested, many) in relations.items():
        value = values.get(name)
        if value is not None:
            values[name] = [from_instance(nested, one) for one in value] if many else from_instance(nested, value)
    return schema(**values)


def given(values: WriteStruct) -> dict[str, Any]:
    """Return what was given, by column: keyword arguments for ``Model(...)``, ``create()`` and ``update()``."""
    return {name: value for name in values.__struct_fields__ if (value := getattr(values, name)) is not UNSET}


def encode_instance(value: object) -> Any:
    """Say to an encoder what a model's instance is: its columns, as :func:`read_schema` shows them.

    For ``msgspec.json.encode(book, enc_hook=encode_instance)``, and ``Litestar(type_encoders={Model:
    encode_instance})``, by which a view may return an instance or a list of them.
    """
    if not isinstance(value, Model):
        raise NotImplementedError(f"{type(value).__name__} is not encoded here: this is the hook for models alone")
    return from_instance(_whole(type(value)), value)


def read_schema(
    model: type[Model],
    *,
    fields: Collection[str] | None = None,
    exclude: Collection[str] = (),
    nested: Mapping[str, type[ReadStruct]] | None = None,
    name: str | None = None,
) -> type[ReadStruct]:
    """Make the struct of what is read: ``from_instance(schema, instance)``.

    Parameters:
        model: a model.
        fields: the columns that are shown, a foreign key as ``author_id``; all without it.
        exclude: columns that are not.
        nested: relations that are shown where they are loaded, each with a schema of its own: one object, or a list.
        name: the class's, and so OpenAPI's; ``AuthorRead`` without it.

    Raises ``FieldDoesNotExist`` for a name the model does not have.
    """
    definitions: list[Any] = []
    for field in chosen(model, fields, exclude):
        kind: Any = value_type(field)
        definitions.append((field.attname, kind | None if field.null else kind))
    relations: dict[str, tuple[str, type[ReadStruct], bool]] = {}
    for relation, schema in (nested or {}).items():
        place, many = relation_place(model, relation)
        relations[relation] = (place, schema, many)
        kind = list[schema] | UnsetType if many else schema | None | UnsetType  # type: ignore[valid-type]
        definitions.append((relation, kind, UNSET))
    made: type[ReadStruct] = _made(
        name or f"{model.__name__}Read", ReadStruct, model, definitions, {"__relations__": relations}
    )
    return made


def create_schema(
    model: type[Model],
    *,
    fields: Collection[str] | None = None,
    exclude: Collection[str] = (),
    name: str | None = None,
) -> type[WriteStruct]:
    """Make the struct of a new row: ``Model.objects.create(**given(decoded))``.

    What the database or the model fills in is left out: automatic keys, ``auto_now``, generated columns and what is
    not ``editable``, unless ``fields`` names it. What has a default, may be NULL or may be blank need not be given.

    Parameters: as of :func:`read_schema`.
    """
    asked = list(chosen(model, fields, exclude, written=True))
    return _written(name or f"{model.__name__}Create", model, asked, [is_required(field) for field in asked])


def patch_schema(
    model: type[Model],
    *,
    fields: Collection[str] | None = None,
    exclude: Collection[str] = (),
    name: str | None = None,
) -> type[WriteStruct]:
    """Make the struct of a partial change: ``query.update(**given(decoded))``.

    Parameters: as of :func:`read_schema`; the same columns as in :func:`create_schema`, none of them required.
    """
    asked = list(chosen(model, fields, exclude, written=True))
    return _written(name or f"{model.__name__}Patch", model, asked, [False] * len(asked))


def _written(name: str, model: type[Model], asked: list[Any], required: list[bool]) -> type[WriteStruct]:
    definitions: list[Any] = []
    checks: dict[str, Callable[[Any], object]] = {}
    for field, needed in zip(asked, required, strict=True):
        kind = _written_type(field)
        definitions.append((field.attname, kind) if needed else (field.attname, kind | UnsetType, UNSET))
        if check := _check(field):
            checks[field.attname] = check
    made: type[WriteStruct] = _made(name, WriteStruct, model, definitions, {"__checks__": checks})
    return made


def _made(name: str, base: Any, model: type[Model], definitions: list[Any], namespace: dict[str, Any]) -> type:
    """Make the class; its module is the model's, by which OpenAPI tells two of a name apart."""
    return msgspec.defstruct(
        name, definitions, bases=(base,), module=model.__module__, namespace=namespace, kw_only=True
    )


@lru_cache(maxsize=512)
def _whole(model: type[Model]) -> type[ReadStruct]:
    """Return the struct of all of a model's columns."""
    return read_schema(model, name=model.__name__)


# -- types -------------------------------------------------------------------------------------------------------------


def _written_type(field: Field) -> object:
    """Return the type of a value that is given: with the bounds that msgspec has words for."""
    kind: Any = value_type(field)
    if field.choices and kind in (int, str):
        kind = Literal[tuple(value for value, _ in field.flatchoices)]
    elif bounds := _bounds(target_of(field)):
        kind = Annotated[kind, Meta(**bounds)]
    return kind | None if field.null else kind


def _bounds(field: Field) -> dict[str, Any]:
    if isinstance(field, columns.IntegerField):
        lowest, highest = INTEGER_RANGES[field.kind]
        return {"ge": 0 if field.positive else lowest, "le": highest}
    if isinstance(field, columns.CharField) and field.max_length is not None:
        return {"max_length": field.max_length}
    return {}


def _check(field: Field) -> Callable[[Any], object] | None:
    """Return what checks the limits that msgspec can't: the column's validators, choices that are no literals."""
    target = target_of(field)
    if field.choices and value_type(field) not in (int, str):
        allowed = [value for value, _ in field.flatchoices]

        def is_one(value: object) -> None:
            if value not in allowed:
                raise ValidationError(f"Value {value!r} is not a valid choice.")

        return is_one
    return target.run_validators if target.validators else None
