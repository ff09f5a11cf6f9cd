"""The harness's django.test.testcases: isolation through the ORM's own
transaction.atomic, through tests.django.shim only."""

import contextlib
import copy
import functools
import inspect
import json
import sys
import unittest
from collections import Counter

from tests.django import shim
from tests.django.djtest.utils import (
    CaptureQueriesContext,
    compare_xml,
    modify_settings,
    override_settings,
)

__unittest = True  # leave these frames out of failure reports
DEFAULT = "default"


class Config:
    dirty = False  # a rollback failed: what follows in this process is unsafe
    on_dirty = staticmethod(lambda: None)


class DatabaseOperationForbidden(AssertionError):
    pass


def _connection(alias=DEFAULT):
    from django.db import connections

    return connections[alias]


def connections_support_transactions(aliases=None):
    return all(_connection(a).features.supports_transactions for a in aliases or shim.aliases())


def connections_support_savepoints(aliases=None):
    return all(_connection(a).features.uses_savepoints for a in aliases or shim.aliases())


class TestData:
    """An object made in setUpTestData: each test gets its own deep copy, one
    memo per test so that the objects keep referring to each other."""

    def __init__(self, name, data):
        self.name = name
        self.data = data

    def __get__(self, test, owner):
        if test is None:
            return self.data
        memo = test.__dict__.setdefault("_testdata_memo", {})
        value = copy.deepcopy(self.data, memo)
        setattr(test, self.name, value)
        return value


class _AssertNumQueries(CaptureQueriesContext):
    def __init__(self, test, num, connection):
        super().__init__(connection)
        self.test = test
        self.num = num

    def __exit__(self, exc_type, exc, tb):
        super().__exit__(exc_type, exc, tb)
        if exc_type is None:
            listing = "\n".join(f"{i}. {q['sql']}" for i, q in enumerate(self, start=1))
            self.test.assertEqual(len(self), self.num, f"{len(self)} queries executed, {self.num} expected\n{listing}")


class SimpleTestCase(unittest.TestCase):
    databases = set()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for condition in getattr(cls, "_feature_conditions", ()):
            reason = condition()
            if reason:
                raise unittest.SkipTest(reason)
        for klass in reversed(cls.__mro__):
            for context in klass.__dict__.get("_settings_contexts", ()):
                cls.enterClassContext(context)
        if cls.databases == "__all__":
            cls.databases = frozenset(shim.aliases())

    def __call__(self, result=None):
        method = getattr(self, self._testMethodName)
        skipped = getattr(type(self), "__unittest_skip__", False) or getattr(method, "__unittest_skip__", False)
        if inspect.iscoroutinefunction(method):
            wrap = shim.async_to_sync
            setattr(self, self._testMethodName, wrap(method))
        if skipped:
            return super().__call__(result)
        try:
            self._pre_setup()
        except Exception:
            result.startTest(self)
            result.addError(self, sys.exc_info())
            result.stopTest(self)
            if Config.dirty:
                Config.on_dirty()
            return None
        super().__call__(result)
        try:
            self._post_teardown()
        except Exception:
            result.addError(self, sys.exc_info())
        if Config.dirty:
            Config.on_dirty()
        return None

    def _pre_setup(self):
        from tests.django.absent import make

        cls = type(self)
        if "client" not in cls.__dict__:
            cls.client = make("django.test.Client")
            cls.async_client = make("django.test.AsyncClient")

    def _post_teardown(self):
        pass

    def settings(self, **kwargs):
        return override_settings(**kwargs)

    def modify_settings(self, **kwargs):
        return modify_settings(**kwargs)

    # ------------------------------------------------------------ assertions

    @contextlib.contextmanager
    def _message_context(self, assertion, attr, expected, message):
        with assertion(expected) as cm:
            yield cm
        self.assertIn(message, str(getattr(cm, attr)))

    def _assert_message(self, assertion, attr, expected, message, args, kwargs):
        func = None
        if args:
            func, *args = args
        else:
            func = kwargs.pop("callable_obj", None)
        context = self._message_context(assertion, attr, expected, message)
        if func is None:
            return context
        with context:
            func(*args, **kwargs)
        return None

    def assertRaisesMessage(self, expected_exception, expected_message, *args, **kwargs):
        return self._assert_message(self.assertRaises, "exception", expected_exception, expected_message, args, kwargs)

    def assertWarnsMessage(self, expected_warning, expected_message, *args, **kwargs):
        return self._assert_message(self.assertWarns, "warning", expected_warning, expected_message, args, kwargs)

    def assertXMLEqual(self, xml1, xml2, msg=None):
        try:
            same = compare_xml(xml1, xml2)
        except Exception as exc:
            self.fail(self._formatMessage(msg, f"not valid XML: {exc}"))
        if not same:
            self.fail(self._formatMessage(msg, f"{xml1} != {xml2}"))

    def assertJSONEqual(self, raw, expected_data, msg=None):
        if isinstance(expected_data, str):
            expected_data = json.loads(expected_data)
        self.assertEqual(json.loads(raw), expected_data, msg=msg)

    def __getattr__(self, name):
        # assertContains, assertHTMLEqual, assertFormError...: the web side.
        if name.startswith("assert"):
            from tests.django.absent import NotProvided

            raise NotProvided(f"django.test.SimpleTestCase.{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class TransactionTestCase(SimpleTestCase):
    """No isolation but emptying the tables after each test."""

    databases = {DEFAULT}
    available_apps = None
    fixtures = None
    reset_sequences = False
    serialized_rollback = False

    @classmethod
    def _aliases(cls):
        return [a for a in shim.aliases() if a in cls.databases]

    def _pre_setup(self):
        super()._pre_setup()
        self._apps_restricted = False
        if self.available_apps is not None:
            self._apps_restricted = shim.set_available_apps(self.available_apps)
        try:
            self._fixture_setup()
        except Exception:
            if self._apps_restricted:
                shim.unset_available_apps()
            raise
        for alias in self._aliases():
            shim.clear_query_log(alias)

    def _fixture_setup(self):
        for alias in self._aliases():
            if self.reset_sequences:
                shim.reset_sequences(alias)
            if "django.contrib.contenttypes" in (self.available_apps or ()):
                shim.fill_content_types(alias)
            if self.fixtures:
                shim.loaddata(self.fixtures, alias)

    def _post_teardown(self):
        try:
            self._fixture_teardown()
            super()._post_teardown()
            if self._reconnect():
                shim.close_connections()
        finally:
            if self._apps_restricted:
                shim.unset_available_apps()

    def _reconnect(self):
        return True

    def _fixture_teardown(self):
        for alias in self._aliases():
            shim.flush(alias)

    def assertQuerySetEqual(self, qs, values, transform=None, ordered=True, msg=None):
        values = list(values)
        items = qs if transform is None else map(transform, qs)
        if not ordered:
            return self.assertDictEqual(Counter(items), Counter(values), msg=msg)
        if len(values) > 1 and hasattr(qs, "ordered") and not qs.ordered:
            raise ValueError("an unordered queryset compared with several ordered values")
        return self.assertEqual(list(items), values, msg=msg)

    def assertNumQueries(self, num, func=None, *args, using=DEFAULT, **kwargs):
        context = _AssertNumQueries(self, num, _connection(using))
        if func is None:
            return context
        with context:
            func(*args, **kwargs)
        return None


class TestCase(TransactionTestCase):
    """Everything of a class in one transaction, each test in a savepoint."""

    @classmethod
    def _enter_atomics(cls):
        entered = {}
        try:
            for alias in cls._aliases():
                entered[alias] = shim.enter_atomic(alias)
        except Exception:
            cls._rollback_atomics(entered)
            raise
        return entered

    @classmethod
    def _rollback_atomics(cls, atomics):
        error = None
        for alias in reversed(list(atomics)):
            try:
                shim.rollback_atomic(alias, atomics[alias])
            except Exception as exc:
                error = exc
        if error is not None:
            Config.dirty = True
            raise error

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._class_atomics = cls._enter_atomics()
        try:
            if cls.fixtures:
                for alias in cls._aliases():
                    shim.loaddata(cls.fixtures, alias)
            before = dict(cls.__dict__)
            cls.setUpTestData()
        except BaseException:
            cls._rollback_atomics(cls._class_atomics)
            shim.close_connections()
            raise
        for name, value in list(cls.__dict__.items()):
            if value is not before.get(name):
                setattr(cls, name, TestData(name, value))

    @classmethod
    def tearDownClass(cls):
        try:
            cls._rollback_atomics(cls._class_atomics)
        finally:
            shim.close_connections()
            super().tearDownClass()

    @classmethod
    def setUpTestData(cls):
        pass

    def _reconnect(self):
        return False

    def _fixture_setup(self):
        if self.reset_sequences:
            raise TypeError("reset_sequences cannot be used on TestCase instances")
        self._atomics = self._enter_atomics()

    def _fixture_teardown(self):
        try:
            for alias in reversed(self._aliases()):
                shim.check_constraints(alias)
        finally:
            self._rollback_atomics(self._atomics)

    @classmethod
    @contextlib.contextmanager
    def captureOnCommitCallbacks(cls, *, using=DEFAULT, execute=False):
        connection = _connection(using)
        callbacks = []
        start = len(connection.run_on_commit)
        try:
            yield callbacks
        finally:
            while True:
                fresh = connection.run_on_commit[start:]
                start += len(fresh)
                for entry in fresh:
                    callbacks.append(entry[1])
                    if execute:
                        entry[1]()
                if len(connection.run_on_commit) == start:
                    break


# ------------------------------------------------------------ feature decorators


def _has(feature):
    return bool(getattr(_connection().features, feature, False))


def _feature_decorator(condition):
    def decorator(item):
        if isinstance(item, type) and issubclass(item, unittest.TestCase):
            item._feature_conditions = [*getattr(item, "_feature_conditions", ()), condition]
            return item

        def check():
            reason = condition()
            if reason:
                raise unittest.SkipTest(reason)

        if inspect.iscoroutinefunction(item):

            @functools.wraps(item)
            async def wrapper(*args, **kwargs):
                check()
                return await item(*args, **kwargs)
        else:

            @functools.wraps(item)
            def wrapper(*args, **kwargs):
                check()
                return item(*args, **kwargs)

        return wrapper

    return decorator


def skipIfDBFeature(*features):
    return _feature_decorator(lambda: "database has " + ", ".join(features) if any(map(_has, features)) else None)


def skipUnlessDBFeature(*features):
    return _feature_decorator(lambda: None if all(map(_has, features)) else "database lacks " + ", ".join(features))


def skipUnlessAnyDBFeature(*features):
    return _feature_decorator(
        lambda: None if any(map(_has, features)) else "database lacks any of " + ", ".join(features)
    )


class SerializeMixin:
    """Tests sharing a resource; here each package runs alone already."""

    lockfile = None
