"""Relations between models: the three fields, the rules of deletion, and what they put on either side."""

from __future__ import annotations

from orm.models.on_delete import (
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
    OnDelete,
)
from orm.models.relations.foreign_key import ForeignKey, OneToOneField
from orm.models.relations.foreign_object import ForeignObject
from orm.models.relations.many_blocking import ManyRelatedManager, RelatedManager
from orm.models.relations.many_to_many import ManyToManyField
from orm.models.relations.related_field import RelatedField
from orm.models.relations.rels import ForeignObjectRel, ManyToManyRel, ManyToOneRel, OneToOneRel

__all__ = [
    "CASCADE",
    "DB_CASCADE",
    "DB_SET_DEFAULT",
    "DB_SET_NULL",
    "DO_NOTHING",
    "PROTECT",
    "RESTRICT",
    "SET",
    "SET_DEFAULT",
    "SET_NULL",
    "ForeignKey",
    "ForeignObject",
    "ForeignObjectRel",
    "ManyRelatedManager",
    "ManyToManyField",
    "ManyToManyRel",
    "ManyToOneRel",
    "OnDelete",
    "OneToOneField",
    "OneToOneRel",
    "RelatedField",
    "RelatedManager",
]
