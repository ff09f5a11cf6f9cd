"""How a relation's manager class is made: the operations of the relation on top of the related model's own manager.

So ``author.book_set`` has the custom methods and the ``get_queryset`` of ``Book.objects``. What differs between two
relations is kept in class attributes, so that making a manager on each access is one small object.
"""

from __future__ import annotations

from typing import Any, TypeVar

from orm.models.managers import BaseManager, own_state

C = TypeVar("C")


def manager_class(operations: type[C], manager: BaseManager[Any], **facts: Any) -> type[C]:
    """Return a subclass of ``operations`` and of ``manager``'s class.

    ``facts`` become class attributes, as does the state of ``manager`` (what its ``__init__`` set).
    """
    body = {
        **own_state(manager),
        **facts,
        "operations": operations,
        "facts": facts,
        "__module__": operations.__module__,
    }
    made: type[C] = type(operations.__name__, (operations, type(manager)), body)
    return made
