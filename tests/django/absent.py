"""Names of Django that the library does not have, as the test packages import them.

A module of tests that imports one such name should not lose all of them, so a missing module or name becomes a class
that does nothing while modules are imported, and raises NotProvided where a test uses it. Only imports that stand in a
test package are touched.
"""

import builtins
import importlib
import types


class NotProvided(Exception):
    pass


class State:
    raising = False  # set when the tests start to run
    missing = {}  # name -> times asked for by a test package
    test_packages = frozenset()


_INERT = {
    "contribute_to_class",
    "db_type",
    "resolve_expression",
    "as_sql",
    "_meta",
    "deconstruct",
    "_constructor_args",
    "alters_data",
    "check",
    "tags",
    "databases",
}


def decorating(name, args, kwargs):
    """A lower-case missing name called with one class or function is taken
    for a decorator, and leaves it as it is."""
    return (
        len(args) == 1
        and not kwargs
        and name.rpartition(".")[2][:1].islower()
        and isinstance(args[0], (type, types.FunctionType))
    )


class MissingMeta(type):
    def __call__(cls, *args, **kwargs):
        if State.raising:
            raise NotProvided(cls._missing_name)
        if decorating(cls._missing_name, args, kwargs):
            return args[0]
        return type.__call__(cls)

    def __getattr__(cls, name):
        if name.startswith("__") or name in _INERT:
            raise AttributeError(name)
        if State.raising:
            raise NotProvided(f"{cls._missing_name}.{name}")
        return make(f"{cls._missing_name}.{name}")

    def __iter__(cls):
        if State.raising:
            raise NotProvided(cls._missing_name)
        return iter(())

    def __or__(cls, other):
        return cls

    __ror__ = __add__ = __radd__ = __or__


class Missing(metaclass=MissingMeta):
    _missing_name = "?"

    def __init__(self, *args, **kwargs):
        pass

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__()

    def __call__(self, *args, **kwargs):
        if State.raising:
            raise NotProvided(self._missing_name)
        if decorating(self._missing_name, args, kwargs):
            return args[0]
        return self

    def __getattr__(self, name):
        if name.startswith("__") or name in _INERT:
            raise AttributeError(name)
        if State.raising:
            raise NotProvided(f"{self._missing_name}.{name}")
        return make(f"{self._missing_name}.{name}")

    def __iter__(self):
        if State.raising:
            raise NotProvided(self._missing_name)
        return iter(())

    def __add__(self, other):
        return other

    __radd__ = __add__

    def __enter__(self):
        raise NotProvided(self._missing_name)

    def __exit__(self, *exc):
        return False


def make(dotted):
    return MissingMeta(dotted.rpartition(".")[2], (Missing,), {"_missing_name": dotted})


class MissingModule(types.ModuleType):
    """A whole missing module; every name of it is Missing."""

    def __init__(self, name):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = make(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class PatchedModule(types.ModuleType):
    """A module as one importer sees it: the real one, some names Missing."""

    def __init__(self, real, missing):
        super().__init__(real.__name__)
        self.__dict__.update(missing)
        self.__dict__["_real"] = real

    def __getattr__(self, name):
        return getattr(self.__dict__["_real"], name)


def note(dotted):
    State.missing[dotted] = State.missing.get(dotted, 0) + 1


_real_import = builtins.__import__


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    if level or not (name == "django" or name.startswith("django.")) or not globals:
        return _real_import(name, globals, locals, fromlist, level)
    caller = (globals.get("__name__") or "").partition(".")[0]
    if caller not in State.test_packages:
        return _real_import(name, globals, locals, fromlist, level)
    if not fromlist:
        try:
            return _real_import(name, globals, locals, fromlist, level)
        except ImportError:
            note(name)
            parent = _real_import("django")
            patched = PatchedModule(parent, {})
            target = patched
            parts = name.split(".")[1:]
            for i, part in enumerate(parts):
                child = MissingModule(".".join(["django", *parts[: i + 1]]))
                setattr(target, part, child)
                target = child
            return patched
    try:
        module = importlib.import_module(name)
    except ImportError as exc:
        # Only a missing django module is forgiven, not an error inside the shim.
        gone = getattr(exc, "name", None) or (name if isinstance(exc, ModuleNotFoundError) and name in str(exc) else "")
        if not (gone == name or name.startswith(gone + ".")):
            raise
        for item in fromlist:
            note(f"{name}.{item}")
        return MissingModule(name)
    missing = {}
    for item in fromlist:
        if item == "*":
            continue
        dotted = f"{name}.{item}"
        if hasattr(module, item):
            continue
        try:
            importlib.import_module(dotted)
        except ImportError:
            note(dotted)
            missing[item] = make(dotted)
    if missing:
        return PatchedModule(module, missing)
    return _real_import(name, globals, locals, fromlist, level)


def install(test_packages):
    State.test_packages = frozenset(test_packages)
    builtins.__import__ = _import
