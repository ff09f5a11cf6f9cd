"""In which order models are dumped, so that a natural key finds its row when the dump is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.models.apps import apps

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


def sort_dependencies(app_list: Iterable[tuple[Any, Any]], allow_cycles: bool = False) -> list[Any]:
    """Return the models of some apps, each after those that its natural key, or its relations to such, need.

    Parameters: ``app_list`` are pairs of an app and its models, or None for all of them; with ``allow_cycles`` those
    that need each other come last, as they were.

    Raises ``RuntimeError`` for models that need each other.
    """
    waiting: list[tuple[Any, set[Any]]] = []
    for app, given in app_list:
        for model in app.get_models() if given is None else given:
            waiting.append((model, _needs(model)))
    wanted = {model for model, _ in waiting}
    done: list[Any] = []
    while waiting:
        left = []
        for model, needs in waiting:
            if all(need in done or need not in wanted for need in needs):
                done.append(model)
            else:
                left.append((model, needs))
        if len(left) == len(waiting):
            if not allow_cycles:
                names = ", ".join(model._meta.label for model, _ in sorted(left, key=lambda pair: pair[0].__name__))
                raise RuntimeError(f"Can't resolve dependencies for {names} in serialized app list.")
            done += [model for model, _ in left]
            break
        waiting = left
    return done


def _needs(model: type[AwaitableModel]) -> set[object]:
    needs: set[Any] = set()
    key = getattr(model, "natural_key", None)
    needs.update(apps.get_model(label) for label in getattr(key, "dependencies", ()))
    for field in (*model._meta.fields, *model._meta.many_to_many):
        remote = getattr(field, "remote_field", None)
        if remote is None or not isinstance(remote.model, type):
            continue
        through = getattr(remote, "through", None)
        if through is not None and not through._meta.auto_created:
            continue  # the rows between are objects of their own, and come after both
        if hasattr(remote.model, "natural_key") and remote.model is not model:
            needs.add(remote.model)
    return needs
