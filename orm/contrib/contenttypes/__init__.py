"""Content types: a table of models, so that a row can refer to a row of any model.

``GenericForeignKey`` refers to one, ``GenericRelation`` is its other side, ``GenericPrefetch`` loads rows of several
models with a queryset for each. The table and the keys in it are those of Django's application of the same name.
"""

from orm.contrib.contenttypes.foreign_key import GenericForeignKey
from orm.contrib.contenttypes.models import ContentType
from orm.contrib.contenttypes.prefetch import GenericPrefetch
from orm.contrib.contenttypes.relation import GenericRelation

__all__ = ["ContentType", "GenericForeignKey", "GenericPrefetch", "GenericRelation"]
