"""Tests that need something of the database, or its absence: they are skipped elsewhere. The names are Django's."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable
from typing import Any, TypeVar

from orm.db.registry import DEFAULT_DB_ALIAS, databases

T = TypeVar("T")


def has(feature: str) -> bool:
    """Whether the default database has a feature, named as in Django's ``connection.features``."""
    return bool(getattr(databases[DEFAULT_DB_ALIAS].dialect.features, feature))


def skipIfDBFeature(*features: str) -> Callable[[T], T]:
    """Skip a test, or all of a class, where the database has any of the features."""
    return _skip(lambda: any(map(has, features)), f"Database has feature(s) {', '.join(features)}")


def skipUnlessDBFeature(*features: str) -> Callable[[T], T]:
    """Skip a test, or all of a class, where the database lacks any of the features."""
    return _skip(lambda: not all(map(has, features)), f"Database doesn't support feature(s): {', '.join(features)}")


def skipUnlessAnyDBFeature(*features: str) -> Callable[[T], T]:
    """Skip a test, or all of a class, where the database has none of the features."""
    return _skip(
        lambda: not any(map(has, features)), f"Database doesn't support any of the feature(s): {', '.join(features)}"
    )


def _skip(condition: Callable[[], bool], reason: str) -> Callable[[T], T]:
    """Return the decorator. The database is asked when the tests run: it may not be configured before."""

    def check() -> None:
        if condition():
            raise unittest.SkipTest(reason)

    def decorate(item: Any) -> Any:
        if isinstance(item, type):
            inner = item.__dict__.get("setUpClass")

            def setUpClass(cls: object) -> None:
                check()
                if inner is not None:
                    inner.__get__(None, cls)()
                else:
                    parent: Any = super(item, cls)
                    parent.setUpClass()

            setattr(item, "setUpClass", classmethod(setUpClass))  # noqa: B010
            return item
        if inspect.iscoroutinefunction(item):

            @functools.wraps(item)
            async def async_form(*args: object, **kwargs: object) -> Any:
                check()
                return await item(*args, **kwargs)

            return async_form

        @functools.wraps(item)
        def form(*args: object, **kwargs: object) -> Any:
            check()
            return item(*args, **kwargs)

        return form

    return decorate


def tag(*tags: str) -> Callable[[T], T]:
    """Give a test, or all of a class, names by which a run can choose it."""

    def decorate(item: Any) -> Any:
        item.tags = {*getattr(item, "tags", ()), *tags}
        return item

    return decorate
