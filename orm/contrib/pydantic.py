"""Pydantic models made from models: to read, to create and to patch; and models as types of a FastAPI view.

    AuthorOut = read_schema(Author)                                    # every column
    BookOut = read_schema(Book, nested={"author": AuthorOut})          # and the author, where it is loaded
    AuthorIn = create_schema(Author)                                   # what a new row needs
    AuthorPatch = patch_schema(Author)                                 # any part of that

Nothing here asks the database: a nested relation is there when it was loaded (``select_related``, ``prefetch_related``,
``await book.author``) and left out when not. What this module refuses: names a model does not have, deferred values,
and in what is created or patched every name that is not in the schema. Needs pydantic 2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from orm.contrib.schemas import chosen, is_required, loaded, relation_place, target_of, value_type
from orm.errors import ValidationError
from orm.models import fields as columns
from orm.sql.types import INTEGER_RANGES

try:
    from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model, model_serializer, model_validator
    from pydantic_core import core_schema
except ModuleNotFoundError as error:
    raise ImportError("orm.contrib.pydantic needs pydantic: pip install duotone[pydantic]") from error

if TYPE_CHECKING:
    from pydantic import SerializerFunctionWrapHandler

    from orm.models import Model

S = TypeVar("S", bound=BaseModel)


class ReadSchema(BaseModel):
    """Base of what is read: takes an instance and says what of it is loaded."""

    model_config = ConfigDict(from_attributes=True)

    __relations__: ClassVar[Mapping[str, str]] = {}
    """The nested relations, and the name under which each keeps what is loaded."""

    @model_validator(mode="before")
    @classmethod
    def _from_instance(cls, given: object) -> object:
        if getattr(given, "_meta", None) is None:
            return given
        return loaded(given, cls.model_fields, cls.__relations__)

    @model_serializer(mode="wrap")
    def _loaded_alone(self, serialize: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        # No annotation of what is returned: pydantic would make it the schema in place of the fields.
        shown = serialize(self)
        for name in type(self).__relations__:
            if name not in self.model_fields_set:
                shown.pop(name, None)
        return shown


class WriteSchema(BaseModel):
    """Base of what is created or patched: ``schema.model_dump(exclude_unset=True)`` is what was given."""

    model_config = ConfigDict(extra="forbid")


def read_schema(
    model: type[Model],
    *,
    fields: Collection[str] | None = None,
    exclude: Collection[str] = (),
    nested: Mapping[str, type[BaseModel]] | None = None,
    name: str | None = None,
) -> type[ReadSchema]:
    """Make the pydantic model of what is read: ``schema.model_validate(instance)``, or a FastAPI view's return type.

    Parameters:
        model: a model.
        fields: the columns that are shown, a foreign key as ``author_id``; all without it.
        exclude: columns that are not.
        nested: relations that are shown where they are loaded, each with a schema of its own: one object, or a list.
        name: the class's, and so OpenAPI's; ``AuthorRead`` without it.

    Raises ``FieldDoesNotExist`` for a name the model does not have.
    """
    definitions: dict[str, Any] = {}
    for field in chosen(model, fields, exclude):
        kind = value_type(field)
        definitions[field.attname] = (kind | None if field.null else kind, ...)
    relations: dict[str, str] = {}
    for relation, schema in (nested or {}).items():
        place, many = relation_place(model, relation)
        relations[relation] = place
        nested_type: Any = list[schema] if many else schema  # type: ignore[valid-type]
        definitions[relation] = (nested_type | None, None)
    made = made_schema(name or f"{model.__name__}Read", ReadSchema, model, definitions)
    made.__relations__ = relations
    return made


def create_schema(
    model: type[Model],
    *,
    fields: Collection[str] | None = None,
    exclude: Collection[str] = (),
    name: str | None = None,
) -> type[WriteSchema]:
    """Make the pydantic model of a new row: ``Model.objects.create(**given.model_dump(exclude_unset=True))``.

    What the database or the model fills in is left out: automatic keys, ``auto_now``, generated columns and what is
    not ``editable``, unless ``fields`` names it. What has a default, may be NULL or may be blank need not be given.

    Parameters: as of :func:`read_schema`.
    """
    definitions = {
        field.attname: (written_type(field), ... if is_required(field) else default_of(field))
        for field in chosen(model, fields, exclude, written=True)
    }
    return made_schema(name or f"{model.__name__}Create", WriteSchema, model, definitions)


def patch_schema(
    model: type[Model],
    *,
    fields: Collection[str] | None = None,
    exclude: Collection[str] = (),
    name: str | None = None,
) -> type[WriteSchema]:
    """Make the pydantic model of a partial change: ``query.update(**given.model_dump(exclude_unset=True))``.

    Parameters: as of :func:`read_schema`; the same columns as in :func:`create_schema`, none of them required.
    """
    definitions = {field.attname: (written_type(field), None) for field in chosen(model, fields, exclude, written=True)}
    return made_schema(name or f"{model.__name__}Patch", WriteSchema, model, definitions)


def made_schema(name: str, base: type[S], model: type[Model], definitions: dict[str, Any]) -> type[S]:
    """Make the class of a schema; its module is the model's, by which OpenAPI tells two of a name apart."""
    return create_model(name, __base__=base, __module__=model.__module__, **definitions)


def default_of(field: Any) -> Any:
    """Return what pydantic shows as the default; it is not written, since what is unset is left to the model."""
    if field.has_default() and not callable(field.default):
        return field.default
    return Field(default_factory=field.default) if field.has_default() else None


# -- types -------------------------------------------------------------------------------------------------------------


def written_type(field: Any) -> Any:
    """Return the type of a value that is given: with the bounds that the column has, and its validators."""
    target = target_of(field)
    if field.choices:
        kind: Any = Literal[tuple(value for value, _ in field.flatchoices)]
    else:
        kind = Annotated[value_type(field), bounds(target)]
    if target.validators:
        kind = Annotated[kind, AfterValidator(validating(target))]
    return kind | None if field.null else kind


def validating(field: Any) -> Callable[[Any], Any]:
    """Return what runs a column's validators for pydantic, which takes a ``ValueError`` for what they found."""

    def validated(value: Any) -> Any:
        try:
            field.run_validators(value)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
        return value

    return validated


def bounds(target: object) -> Any:
    """Return pydantic's spelling of a column's limits."""
    if isinstance(target, columns.IntegerField):
        lowest, highest = INTEGER_RANGES[target.kind]
        return Field(ge=0 if target.positive else lowest, le=highest)
    if isinstance(target, columns.CharField) and target.max_length is not None:
        return Field(max_length=target.max_length)
    if isinstance(target, columns.DecimalField):
        return Field(max_digits=target.max_digits, decimal_places=target.decimal_places)
    return Field()


# -- models as types ---------------------------------------------------------------------------------------------------


def model_core_schema(model: type[Model]) -> core_schema.CoreSchema:
    """Say to pydantic what a model is as a type: an instance of it, shown as :func:`read_schema` shows it.

    So a FastAPI view may be ``async def author() -> Author``. A request's body is no instance: that takes a schema.
    """
    schema = read_schema(model, name=model.__name__)
    show: Callable[[Any], ReadSchema] = schema.model_validate
    return core_schema.custom_error_schema(
        core_schema.is_instance_schema(model),
        custom_error_type="model_instance",
        custom_error_message=(
            f"an instance of {model.__name__} is not made from what comes in: take a schema, such as "
            f"create_schema({model.__name__}), and make the instance of its values"
        ),
        serialization=core_schema.plain_serializer_function_ser_schema(
            show, return_schema=schema.__pydantic_core_schema__
        ),
    )
