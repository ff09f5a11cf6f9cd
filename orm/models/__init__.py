"""What a model is made of, and what a query says: everything ``from orm import models`` offers, with Django's names."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from orm.errors import ObjectDoesNotExist, ProtectedError, RestrictedError
from orm.models.apps import apps
from orm.models.base_blocking import Model
from orm.models.composite import CompositePrimaryKey
from orm.models.constraints import BaseConstraint, CheckConstraint, Deferrable, UniqueConstraint
from orm.models.fetching import FETCH_ONE, FETCH_PEERS, RAISE, Unloaded
from orm.models.fields import (
    NOT_PROVIDED,
    AutoField,
    BigAutoField,
    BigIntegerField,
    BinaryField,
    BooleanField,
    CharField,
    Choices,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    EmailField,
    Field,
    FloatField,
    GenericIPAddressField,
    IntegerChoices,
    IntegerField,
    JSONField,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SlugField,
    SmallAutoField,
    SmallIntegerField,
    TextChoices,
    TextField,
    TimeField,
    URLField,
    UUIDField,
)
from orm.models.indexes import Index
from orm.models.managers import Manager
from orm.models.metaclass import ModelBase
from orm.models.relations import (
    CASCADE,
    DB_CASCADE,
    DB_SET_DEFAULT,
    DB_SET_NULL,
    DO_NOTHING,
    PROTECT,
    RESTRICT,
    SET,
    SET_DEFAULT,
    SET_NULL,
    ForeignKey,
    ForeignObject,
    ForeignObjectRel,
    ManyRelatedManager,
    ManyToManyField,
    ManyToManyRel,
    ManyToOneRel,
    OneToOneField,
    OneToOneRel,
    RelatedManager,
)
from orm.query.cte import CTE
from orm.query.filtered import FilteredRelation
from orm.query.prefetch import Prefetch, aprefetch_related_objects
from orm.query.prefetch_blocking import prefetch_related_objects
from orm.query.queryset_blocking import QuerySet
from orm.sql.aggregates import Aggregate, Avg, Count, Max, Min, StdDev, Sum, Variance
from orm.sql.calls import ExpressionWrapper, Func
from orm.sql.cases import Case, When
from orm.sql.conditions import Q
from orm.sql.expressions import Expression, OrderBy, Value
from orm.sql.insert import Excluded
from orm.sql.lookups import Lookup, Transform
from orm.sql.references import F, OuterRef
from orm.sql.subqueries import Exists, Subquery
from orm.sql.windows import RowRange, ValueRange, Window, WindowFrame

if TYPE_CHECKING:
    from orm.models.fields.files import FileField, FilePathField
    from orm.models.fields.generated import GeneratedField
    from orm.models.fields.images import ImageField
else:
    # Few programs need these, and they bring a third more modules: they are imported when they are named.
    _LATE = {
        "FileField": "orm.models.fields.files",
        "FilePathField": "orm.models.fields.files",
        "GeneratedField": "orm.models.fields.generated",
        "ImageField": "orm.models.fields.images",
    }

    def __getattr__(name):
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_LATE[name]), name)


__all__ = [
    "CASCADE",
    "CTE",
    "DB_CASCADE",
    "DB_SET_DEFAULT",
    "DB_SET_NULL",
    "DO_NOTHING",
    "F",
    "FETCH_ONE",
    "FETCH_PEERS",
    "NOT_PROVIDED",
    "PROTECT",
    "Q",
    "RAISE",
    "RESTRICT",
    "SET",
    "SET_DEFAULT",
    "SET_NULL",
    "Aggregate",
    "AutoField",
    "Avg",
    "BaseConstraint",
    "BigAutoField",
    "BigIntegerField",
    "BinaryField",
    "BooleanField",
    "Case",
    "CharField",
    "CheckConstraint",
    "Choices",
    "CompositePrimaryKey",
    "Count",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "Deferrable",
    "DurationField",
    "EmailField",
    "Excluded",
    "Exists",
    "Expression",
    "ExpressionWrapper",
    "Field",
    "FileField",
    "FilePathField",
    "FilteredRelation",
    "FloatField",
    "ForeignKey",
    "ForeignObject",
    "ForeignObjectRel",
    "Func",
    "GeneratedField",
    "GenericIPAddressField",
    "ImageField",
    "Index",
    "IntegerChoices",
    "IntegerField",
    "JSONField",
    "Lookup",
    "Manager",
    "ManyRelatedManager",
    "ManyToManyField",
    "ManyToManyRel",
    "ManyToOneRel",
    "Max",
    "Min",
    "Model",
    "ModelBase",
    "ObjectDoesNotExist",
    "OneToOneField",
    "OneToOneRel",
    "OrderBy",
    "OuterRef",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "Prefetch",
    "ProtectedError",
    "QuerySet",
    "RelatedManager",
    "RestrictedError",
    "RowRange",
    "SlugField",
    "SmallAutoField",
    "SmallIntegerField",
    "StdDev",
    "Subquery",
    "Sum",
    "TextChoices",
    "TextField",
    "TimeField",
    "Transform",
    "URLField",
    "UUIDField",
    "UniqueConstraint",
    "Unloaded",
    "Value",
    "ValueRange",
    "Variance",
    "When",
    "Window",
    "WindowFrame",
    "apps",
    "aprefetch_related_objects",
    "prefetch_related_objects",
]
