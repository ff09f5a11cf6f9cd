"""The harness's django.test.utils."""

import contextlib
import functools
import gc
import inspect
import io
import re
import sys
import time
import unittest
import warnings
from xml.dom import minidom

from tests.django import shim

TZ_SUPPORT = hasattr(time, "tzset")
_ABSENT = object()


class TestContextDecorator:
    """Use enable()/disable() as a context manager, on a function, or around
    each test of a TestCase class."""

    def __init__(self, attr_name=None, kwarg_name=None):
        self.attr_name = attr_name
        self.kwarg_name = kwarg_name

    def enable(self):
        raise NotImplementedError

    def disable(self):
        raise NotImplementedError

    def __enter__(self):
        return self.enable()

    def __exit__(self, *exc):
        self.disable()

    def __call__(self, decorated):
        if isinstance(decorated, type):
            return self.decorate_class(decorated)
        if callable(decorated):
            return self.decorate_callable(decorated)
        raise TypeError(f"cannot decorate {decorated!r}")

    def decorate_class(self, cls):
        if not issubclass(cls, unittest.TestCase):
            raise TypeError("can only decorate subclasses of unittest.TestCase")
        inner = cls.setUp

        def setUp(test):
            value = self.enable()
            test.addCleanup(self.disable)
            if self.attr_name:
                setattr(test, self.attr_name, value)
            inner(test)

        cls.setUp = setUp
        return cls

    def decorate_callable(self, func):
        def extra(value):
            return {self.kwarg_name: value} if self.kwarg_name else {}

        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def wrapper(*args, **kwargs):
                with self as value:
                    return await func(*args, **kwargs, **extra(value))
        else:

            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                with self as value:
                    return func(*args, **kwargs, **extra(value))

        return wrapper


# ------------------------------------------------------------------ settings


class override_settings(TestContextDecorator):
    def __init__(self, **options):
        super().__init__()
        self.options = options
        self._undo = []

    def enable(self):
        self._apply(self.options)

    def _apply(self, options):
        from django.conf import settings

        if "INSTALLED_APPS" in options:
            names = shim.installable(options["INSTALLED_APPS"])
            options = {**options, "INSTALLED_APPS": names}
            try:
                shim.set_installed_apps(names)
            except Exception:
                shim.unset_installed_apps()
                raise
        old = {name: getattr(settings, name, _ABSENT) for name in options}
        self._undo.append(old)
        for name, value in options.items():
            setattr(settings, name, value)
        try:
            for name, value in options.items():
                shim.send_setting_changed(name, value, True)
        except Exception:
            self.disable()
            raise

    def disable(self):
        from django.conf import settings

        old = self._undo.pop()
        if "INSTALLED_APPS" in old:
            shim.unset_installed_apps()
        for name, value in old.items():
            if value is _ABSENT:
                with contextlib.suppress(AttributeError):
                    delattr(settings, name)
            else:
                setattr(settings, name, value)
        for name in old:
            shim.send_setting_changed(name, getattr(settings, name, None), False)

    def decorate_class(self, cls):
        from tests.django.djtest.testcases import SimpleTestCase

        if not issubclass(cls, SimpleTestCase):
            raise ValueError("override_settings can only decorate SimpleTestCase subclasses")
        # Applied for the whole class by SimpleTestCase.setUpClass, base classes first.
        cls._settings_contexts = [*cls.__dict__.get("_settings_contexts", []), self]
        return cls


class modify_settings(override_settings):
    def __init__(self, **operations):
        super().__init__()
        self.operations = operations

    def enable(self):
        from django.conf import settings

        options = {}
        for name, actions in self.operations.items():
            value = list(getattr(settings, name, []))
            for action, items in actions.items():
                items = [items] if isinstance(items, str) else list(items)
                if action == "append":
                    value += [i for i in items if i not in value]
                elif action == "prepend":
                    value = [i for i in items if i not in value] + value
                elif action == "remove":
                    value = [v for v in value if v not in items]
                else:
                    raise ValueError(f"unsupported action: {action}")
            options[name] = value
        self._apply(options)


class override_system_checks(TestContextDecorator):
    def __init__(self, new_checks, deployment_checks=None):
        super().__init__()
        self.new_checks = new_checks
        self.deployment_checks = deployment_checks

    def enable(self):
        from django.core.checks.registry import registry

        self.registry = registry
        self.saved = registry.registered_checks, registry.deployment_checks
        registry.registered_checks = set()
        for check in self.new_checks:
            registry.register(check, *getattr(check, "tags", ()))
        if self.deployment_checks is not None:
            registry.deployment_checks = set()
            for check in self.deployment_checks:
                registry.register(check, *getattr(check, "tags", ()), deploy=True)

    def disable(self):
        self.registry.registered_checks, self.registry.deployment_checks = self.saved


# ------------------------------------------------------------------- queries


class CaptureQueriesContext:
    def __init__(self, connection):
        self.connection = connection
        self._capture = None

    def __enter__(self):
        self._capture = shim.QueryCapture(self.connection)
        self._capture.__enter__()
        return self

    def __exit__(self, *exc):
        self._capture.__exit__(*exc)

    @property
    def captured_queries(self):
        return self._capture.queries

    def __iter__(self):
        return iter(self.captured_queries)

    def __getitem__(self, index):
        return self.captured_queries[index]

    def __len__(self):
        return len(self.captured_queries)


# ------------------------------------------------------------ apps and fields


class isolate_apps(TestContextDecorator):
    def __init__(self, *installed_apps, **kwargs):
        super().__init__(**kwargs)
        self.installed_apps = installed_apps
        self._stack = []

    def enable(self):
        context = shim.isolated_registry(self.installed_apps)
        registry = context.__enter__()
        self._stack.append(context)
        return registry

    def disable(self):
        self._stack.pop().__exit__(None, None, None)


@contextlib.contextmanager
def register_lookup(field, *lookups, lookup_name=None):
    done = []
    try:
        for lookup in lookups:
            field.register_lookup(lookup, lookup_name)
            done.append(lookup)
        yield
    finally:
        for lookup in done:
            field._unregister_lookup(lookup, lookup_name)


# --------------------------------------------------------------------- values


class Approximate:
    def __init__(self, val, places=7):
        self.val = val
        self.places = places

    def __repr__(self):
        return repr(self.val)

    def __eq__(self, other):
        return self.val == other or round(abs(self.val - other), self.places) == 0


def compare_xml(want, got):
    """Same elements, attributes and (whitespace-normalised) text, whatever
    the order of the attributes."""

    want, got = (text.strip().replace("\\n", "\n") for text in (want, got))
    bare = not want.startswith("<?xml") and not got.startswith("<?xml")

    def parse(text):
        return minidom.parseString(f"<root>{text}</root>" if bare else text).documentElement

    def shape(node):
        text = "".join(c.data for c in node.childNodes if c.nodeType == node.TEXT_NODE)
        return (
            node.tagName,
            re.sub(r"\s+", " ", text),
            dict(node.attributes.items()),
            [shape(c) for c in node.childNodes if c.nodeType == node.ELEMENT_NODE],
        )

    return shape(parse(want)) == shape(parse(got))


# ---------------------------------------------------------------- environment


class ignore_warnings(TestContextDecorator):
    def __init__(self, **kwargs):
        super().__init__()
        self.kwargs = kwargs
        self._stack = []

    def enable(self):
        context = warnings.catch_warnings()
        context.__enter__()
        self._stack.append(context)
        detailed = {"message", "module"} & set(self.kwargs)
        (warnings.filterwarnings if detailed else warnings.simplefilter)("ignore", **self.kwargs)

    def disable(self):
        self._stack.pop().__exit__(None, None, None)


requires_tz_support = unittest.skipUnless(TZ_SUPPORT, "needs time.tzset()")


@contextlib.contextmanager
def extend_sys_path(*paths):
    saved = sys.path[:]
    sys.path.extend(paths)
    try:
        yield
    finally:
        sys.path[:] = saved


@contextlib.contextmanager
def isolate_lru_cache(func):
    func.cache_clear()
    try:
        yield
    finally:
        func.cache_clear()


@contextlib.contextmanager
def captured_output(name):
    saved = getattr(sys, name)
    stream = io.StringIO()
    setattr(sys, name, stream)
    try:
        yield stream
    finally:
        setattr(sys, name, saved)


def captured_stdout():
    return captured_output("stdout")


def captured_stderr():
    return captured_output("stderr")


def captured_stdin():
    return captured_output("stdin")


@contextlib.contextmanager
def freeze_time(moment):
    saved = time.time
    time.time = lambda: moment
    try:
        yield
    finally:
        time.time = saved


def tag(*tags):
    def decorator(obj):
        obj.tags = set(getattr(obj, "tags", ())) | set(tags)
        return obj

    return decorator


def garbage_collect():
    gc.collect()
