"""Relations between models: the three fields, the rules of deletion, and what they put on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_names

if TYPE_CHECKING:
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
else:
    _HOMES = {
        "CASCADE": "orm.models.on_delete",
        "DB_CASCADE": "orm.models.on_delete",
        "DB_SET_DEFAULT": "orm.models.on_delete",
        "DB_SET_NULL": "orm.models.on_delete",
        "DO_NOTHING": "orm.models.on_delete",
        "ForeignKey": "orm.models.relations.foreign_key",
        "ForeignObject": "orm.models.relations.foreign_object",
        "ForeignObjectRel": "orm.models.relations.rels",
        "ManyRelatedManager": "orm.models.relations.many_blocking",
        "ManyToManyField": "orm.models.relations.many_to_many",
        "ManyToManyRel": "orm.models.relations.rels",
        "ManyToOneRel": "orm.models.relations.rels",
        "OnDelete": "orm.models.on_delete",
        "OneToOneField": "orm.models.relations.foreign_key",
        "OneToOneRel": "orm.models.relations.rels",
        "PROTECT": "orm.models.on_delete",
        "RESTRICT": "orm.models.on_delete",
        "RelatedField": "orm.models.relations.related_field",
        "RelatedManager": "orm.models.relations.many_blocking",
        "SET": "orm.models.on_delete",
        "SET_DEFAULT": "orm.models.on_delete",
        "SET_NULL": "orm.models.on_delete",
    }
    __getattr__, __dir__ = late_names(__name__, _HOMES)

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
