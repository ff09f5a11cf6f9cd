"""``django.test``: the test cases of ``orm.testing`` with settings that can be changed for a test.

What needs a browser or a request can be named only.
"""

from __future__ import annotations

import inspect
import unittest
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from orm.commands import call_command
from orm.compat.django.core_signals import setting_changed
from orm.compat.django.settings import settings
from orm.db.registry import databases
from orm.models.apps import Apps
from orm.models.options import Options
from orm.structures.loading import import_string
from orm.testing import cases, runner

if TYPE_CHECKING:
    from orm.models.fields.base import Field


__all__ = [
    "CaptureQueriesContext",
    "DiscoverRunner",
    "SimpleTestCase",
    "TestCase",
    "TransactionTestCase",
    "get_runner",
    "ignore_warnings",
    "isolate_apps",
    "modify_settings",
    "override_settings",
    "register_lookup",
    "setup_databases",
    "setup_test_environment",
    "teardown_databases",
    "teardown_test_environment",
]

__unittest = True

_ABSENT = object()


class TestContextDecorator:
    """Something that is switched on and off: under ``with``, around a function, around each test of a class."""

    def __init__(self, attr_name: str | None = None, kwarg_name: str | None = None) -> None:
        self.attr_name = attr_name
        self.kwarg_name = kwarg_name

    def enable(self) -> Any:
        """Switch it on."""
        raise NotImplementedError

    def disable(self) -> None:
        """Switch it off."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        return self.enable()

    def __exit__(self, *error: object) -> None:
        self.disable()

    def decorate_class(self, cls: Any) -> Any:
        """Switch it on for each test of a class."""
        if not issubclass(cls, unittest.TestCase):
            raise TypeError("Can only decorate subclasses of unittest.TestCase")
        inner, context = cls.setUp, self

        def set_up(self: Any) -> None:
            value = context.enable()
            self.addCleanup(context.disable)
            if context.attr_name:
                setattr(self, context.attr_name, value)
            inner(self)

        cls.setUp = set_up
        return cls

    def decorate_callable(self, func: Callable[..., object]) -> Callable[..., Any]:
        """Switch it on while a function of either kind runs."""
        if inspect.iscoroutinefunction(func):

            @wraps(func)
            async def async_form(*args: object, **kwargs: object) -> Any:
                with self as value:
                    return await func(*args, **kwargs, **self._told(value))

            return async_form

        @wraps(func)
        def form(*args: object, **kwargs: object) -> Any:
            with self as value:
                return func(*args, **kwargs, **self._told(value))

        return form

    def _told(self, value: object) -> dict[str, Any]:
        return {self.kwarg_name: value} if self.kwarg_name else {}

    def __call__(self, decorated: Any) -> Any:
        if isinstance(decorated, type):
            return self.decorate_class(decorated)
        if callable(decorated):
            return self.decorate_callable(decorated)
        raise TypeError(f"Cannot decorate object of type {type(decorated)}")


class override_settings(TestContextDecorator):
    """Other values of settings for a while; ``setting_changed`` is sent for each, before and after."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.options = kwargs
        self._before: list[dict[str, Any]] = []

    def enable(self) -> None:
        """Set the values."""
        settings.load()
        # Whatever is set or deleted meanwhile goes too.
        self._before.append(dict(settings._values or {}))
        for name, value in self.options.items():
            setattr(settings, name, value)
        self._announce(True)

    def disable(self) -> None:
        """Set the values that were there before."""
        before = self._before.pop()
        for name in set(settings._values) - set(before):
            delattr(settings, name)
        for name, value in before.items():
            if settings._values.get(name, _ABSENT) is not value:
                setattr(settings, name, value)
        self._announce(False)

    def _announce(self, enter: bool) -> None:
        for name in self.options:
            value = self.options[name] if enter else getattr(settings, name, None)
            setting_changed.send(sender=type(settings), setting=name, value=value, enter=enter)

    def decorate_class(self, cls: Any) -> Any:
        """Have the values for all of a class."""
        if not issubclass(cls, SimpleTestCase):
            raise ValueError("Only subclasses of Django SimpleTestCase can be decorated with override_settings")
        cls._settings_of_class = [*vars(cls).get("_settings_of_class", ()), self]
        return cls


class modify_settings(override_settings):
    """Lists of settings with items appended, prepended or removed for a while."""

    def __init__(self, *args: tuple[str, Mapping[str, Any]], **kwargs: Mapping[str, Any]) -> None:
        super().__init__()
        self.operations = [*args, *kwargs.items()]

    def enable(self) -> None:
        """Change the lists."""
        self.options = {}
        for name, operations in self.operations:
            value = list(self.options.get(name, getattr(settings, name, [])))
            for action, given in operations.items():
                items = [given] if isinstance(given, str) else list(given)
                if action == "append":
                    value = value + [item for item in items if item not in value]
                elif action == "prepend":
                    value = [item for item in items if item not in value] + value
                elif action == "remove":
                    value = [item for item in value if item not in items]
                else:
                    raise ValueError(f"Unsupported action: {action}")
            self.options[name] = value
        super().enable()


class SimpleTestCase(cases.SimpleTestCase):
    """Tests that use no database."""

    _settings_of_class: ClassVar[list[override_settings]] = []

    @classmethod
    def setUpClass(cls) -> None:
        for base in reversed(cls.__mro__):
            for overriding in vars(base).get("_settings_of_class", ()):
                cls.enterClassContext(overriding)
        super().setUpClass()

    def settings(self, **kwargs: object) -> override_settings:
        """Have other values of settings, under ``with``."""
        return override_settings(**kwargs)

    def modify_settings(self, **kwargs: Any) -> modify_settings:
        """Have lists of settings changed, under ``with``."""
        return modify_settings(**kwargs)


class TransactionTestCase(cases.TransactionTestCase, SimpleTestCase):
    """Tests that commit."""


class TestCase(cases.TestCase, TransactionTestCase):
    """Tests in a transaction."""


class CaptureQueriesContext:
    """The statements that run on a connection inside a ``with`` block, as ``connection.queries`` has them."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.initial_queries = 0
        self.final_queries: int | None = None

    def __enter__(self) -> CaptureQueriesContext:
        self._forced = self.connection.force_debug_cursor
        self.connection.force_debug_cursor = True
        self.initial_queries, self.final_queries = len(self.connection.queries_log), None
        return self

    def __exit__(self, *error: object) -> None:
        self.final_queries = len(self.connection.queries_log)
        self.connection.force_debug_cursor = self._forced

    @property
    def captured_queries(self) -> list[dict[str, Any]]:
        """The statements."""
        found: list[dict[str, Any]] = self.connection.queries[self.initial_queries : self.final_queries]
        return found

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.captured_queries)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.captured_queries[index]

    def __len__(self) -> int:
        return len(self.captured_queries)


class isolate_apps(TestContextDecorator):
    """Models that are declared inside go to a registry of their own, and are forgotten with it."""

    def __init__(self, *installed_apps: str, attr_name: str | None = None, kwarg_name: str | None = None) -> None:
        super().__init__(attr_name, kwarg_name)
        self.installed_apps = installed_apps
        self._outer: list[Any] = []

    def enable(self) -> Apps:
        """Begin with an empty registry."""
        self._outer.append(Options.default_apps)
        Options.default_apps = Apps(self.installed_apps)
        return Options.default_apps

    def disable(self) -> None:
        """Go back to the registry of before."""
        Options.default_apps = self._outer.pop()


class ignore_warnings(TestContextDecorator):
    """Warnings of a kind are not heard; the parameters are those of ``warnings.filterwarnings``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.ignore_kwargs = kwargs
        self._stacks: list[ExitStack] = []

    def enable(self) -> None:
        """Stop to hear them."""
        stack = ExitStack()
        stack.enter_context(warnings.catch_warnings())
        self._stacks.append(stack)
        narrow = {"message", "module"} & set(self.ignore_kwargs)
        (warnings.filterwarnings if narrow else warnings.simplefilter)("ignore", **self.ignore_kwargs)

    def disable(self) -> None:
        """Hear them again."""
        self._stacks.pop().close()


@contextmanager
def register_lookup(field: Field, *lookups: object, lookup_name: str | None = None) -> Iterator[None]:
    """Have lookups for a while that a field, or all of its kind, does not have."""
    with ExitStack() as stack:
        for lookup in lookups:
            field.register_lookup(lookup, lookup_name)
            stack.callback(field._unregister_lookup, lookup, lookup_name)
        yield


_environment: list[override_settings] = []


def setup_test_environment(debug: bool | None = None) -> None:
    """Have DEBUG as tests are to have it: off, unless ``debug`` says otherwise.

    Raises ``RuntimeError`` when it was called before.
    """
    if _environment:
        raise RuntimeError(
            "setup_test_environment() was already called and can't be called again without first calling "
            "teardown_test_environment()."
        )
    _environment.append(override_settings(DEBUG=settings.DEBUG if debug is None else debug))
    _environment[-1].enable()


def teardown_test_environment() -> None:
    """Take back what ``setup_test_environment()`` did."""
    _environment.pop().disable()


class DiscoverRunner(runner.DiscoverRunner):
    """Finds and runs tests, with DEBUG off."""

    reorder_by = (TestCase, cases.SimpleTestCase)

    def setup_test_environment(self, **kwargs: object) -> None:
        """Switch DEBUG off, unless the run is to have it."""
        setup_test_environment(debug=self.debug_mode)

    def setup_databases(self, **kwargs: Any) -> Any:
        """Make the test databases, with the tables of caches; DATABASES has their names from then on."""
        names = {alias: given.get("NAME") for alias, given in settings.DATABASES.items()}
        stack = super().setup_databases(**kwargs)
        for alias in names:
            settings.DATABASES[alias]["NAME"] = databases[alias].url.database
            stack.callback(settings.DATABASES[alias].__setitem__, "NAME", names[alias])
            call_command("createcachetable", database=alias, verbosity=0)
        return stack

    def teardown_test_environment(self, **kwargs: object) -> None:
        """Take that back."""
        teardown_test_environment()


def setup_databases(
    verbosity: int, interactive: bool, *, aliases: Sequence[str] | None = None, **options: Any
) -> ExitStack:
    """Make test databases, and return what ``teardown_databases()`` takes.

    Parameters: ``options`` are those of the class that runs tests.
    """
    runner = DiscoverRunner(verbosity=verbosity, interactive=interactive, **options)
    made: ExitStack = runner.setup_databases(aliases=aliases)
    return made


def teardown_databases(old_config: ExitStack, verbosity: int, **options: Any) -> None:
    """Drop the databases that ``setup_databases()`` made."""
    DiscoverRunner(verbosity=verbosity, **options).teardown_databases(old_config)


def get_runner(settings: Any, test_runner_class: str | None = None) -> Any:
    """Return the class that runs tests: the one named, or that of TEST_RUNNER."""
    return import_string(test_runner_class or settings.TEST_RUNNER)
