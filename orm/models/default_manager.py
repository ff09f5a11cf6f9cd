"""``objects`` of a model that declares no manager: made when it is first asked for.

Most models have no other, and a manager brings in all that querying needs: a program that only declares models has no
use for it yet.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.late import late_module

if TYPE_CHECKING:
    from orm.db import registry
    from orm.models import managers
    from orm.models.base import AwaitableModel
else:
    registry = late_module("orm.db.registry")
    managers = late_module("orm.models.managers")

NAME = "objects"
"""The manager of a model that declares none."""
_making = threading.Lock()


class DefaultManagerDescriptor:
    """What such a model holds under ``objects`` until then; the manager's own descriptor takes its place."""

    __slots__ = ("model",)

    def __init__(self, model: type[AwaitableModel]) -> None:
        self.model = model

    def __get__(self, instance: AwaitableModel | None, owner: Any) -> Any:
        make_default_manager(self.model)
        return vars(self.model)[NAME].__get__(instance, owner)


def promise_default_manager(model: type[AwaitableModel]) -> None:
    """Give a model that declares no manager what makes its ``objects`` at the first use.

    Where asyncio is there already what that imports is imported now, with the backends: an event loop may be waiting by
    the time of the first query, and would stand still for as long as imports take.
    """
    setattr(model, NAME, DefaultManagerDescriptor(model))
    model._meta.lacks_manager = True
    if "asyncio" in sys.modules and managers.__name__ not in sys.modules:
        import_module(managers.__name__)
        registry.prepare()


def make_default_manager(model: type[AwaitableModel]) -> None:
    """Give a model that declares no manager its ``objects``, unless it has it by now."""
    with _making:
        if model._meta.lacks_manager:
            manager: Any = managers.Manager()
            manager.auto_created = True
            manager.contribute_to_class(model, NAME)
            model._meta.lacks_manager = False


def plain_manager(model: type[AwaitableModel]) -> Any:
    """Return a manager that shows every row of a model, whatever it declares."""
    manager: Any = managers.Manager()
    manager.name = "_base_manager"
    manager.auto_created = True
    manager.model = model
    return manager
