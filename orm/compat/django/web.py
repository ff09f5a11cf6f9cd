"""Names of Django's web, admin and SQL compiler: they can be imported, and raise a sentence when they are *used*.

Models import them at their top (``from django.urls import reverse``) for methods that a script never calls. Declaring
is no use: a class may inherit from one of these classes, and ``forms.CharField()`` in its body makes an inert object.
Calling a function, or asking such an object for anything, raises ``NotImplementedError``.
``web_names.NAMES`` is the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from orm.records import NamedTuple

HERE = "orm.compat.django"


def refuse(name: str) -> NoReturn:
    """Raise the sentence for a name that is used."""
    raise NotImplementedError(
        f"{name} is used here, and Duotone ({HERE}) has only its name: it can be imported, so that models that "
        "mention it load. What needs it has to run under Django."
    )


class AbsentType(type):
    """The class of classes that are there to be named and inherited from."""

    _absent: str

    def __getattr__(cls, name: str) -> Any:
        # A class of the program may have several of these as bases: class Books(LoginRequiredMixin, ListView).
        stood_for = [each.__dict__["_absent"] for each in cls.__mro__ if "_absent" in each.__dict__]
        for ending, names in ASKED_OF_CLASSES.items():
            if name in names and any(absent.endswith(ending) for absent in stood_for):
                return names[name](f"{cls._absent}.{name}")
        raise AttributeError(f"{cls._absent} has no {name} here: Duotone ({HERE}) has only its name.")


class Absent(metaclass=AbsentType):
    """Base of the classes of this module; an instance can be made and kept, not used."""

    _absent = "django"

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._declared = (args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for ending, names in REGISTERED_WITH.items():
            if name in names and self._absent.endswith(ending):
                return AbsentRegistration(f"{self._absent}().{name}")
        refuse(f"{self._absent}().{name}")

    def __call__(self, *args: object, **kwargs: object) -> Any:
        refuse(f"{self._absent}()")

    def __str__(self) -> str:
        refuse(f"{self._absent}()")

    def __iter__(self) -> Any:
        refuse(f"{self._absent}()")


class AbsentFunction:
    """A function that is there to be named."""

    def __init__(self, name: str) -> None:
        self.__name__ = name.rpartition(".")[2]
        self.__qualname__ = self.__name__
        self.__doc__ = f"{name}, which Duotone has by name only."
        self._absent = name

    def __call__(self, *args: object, **kwargs: object) -> Any:
        refuse(f"{self._absent}()")

    def __repr__(self) -> str:
        return f"<{self._absent}, by name only>"


class DeclaringFunction(AbsentFunction):
    """A function whose call only declares something (a route, a lazy address): it gives an inert object.

    Or an object of such functions: ``admin.site.register(Author)`` stands in modules that a program only imports.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return DeclaringFunction(f"{self._absent}.{name}")

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return absent_class(self._absent)(*args, **kwargs)


class AbsentClassFactory(AbsentFunction):
    """A function that makes a class of forms, to be named and inherited from: ``modelform_factory(Author)``."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return absent_class(self._absent)


class AbsentDecorator(AbsentFunction):
    """A decorator that concerns requests only: what it decorates stays as it is.

    It stands above a function with its options in brackets, or without: ``@login_required``.
    """

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) and not kwargs else _as_it_is


class AbsentDecoratorFactory(AbsentFunction):
    """A function that makes such a decorator, from another function as well: ``@user_passes_test(is_editor)``."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return _as_it_is


class AbsentRegistration(AbsentFunction):
    """A method that registers a function and gives it back: ``@register.filter``, ``register.filter("cut", cut)``."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return args[-1] if args and callable(args[-1]) else _as_it_is


def _as_it_is(decorated: object) -> object:
    return decorated


HTTP_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

SHOWN_OF_USERS = ("add_fieldsets", "fieldsets", "list_display", "list_filter", "search_fields")
"""What programs add to when they show users of their own in the admin; nothing is shown here."""


def absent_meta(name: str) -> type:
    """Return the ``Meta`` of a form, to inherit from and to add fields to."""
    return type("Meta", (), {"fields": (), "field_classes": {}, "__doc__": f"{name}, without fields."})


ASKED_OF_CLASSES: Mapping[str, Mapping[str, Callable[[str], object]]] = {
    "FieldListFilter": {"register": DeclaringFunction},
    "View": {"as_view": DeclaringFunction, "http_method_names": lambda dotted: list(HTTP_METHODS)},
    "UserAdmin": dict.fromkeys(SHOWN_OF_USERS, lambda dotted: ()),
    **{name: {"Meta": absent_meta} for name in ("UserCreationForm", "UserChangeForm")},
}
"""What modules ask of classes while they are only imported: what makes it, by how a class's name ends and the name."""

REGISTERED_WITH: Mapping[str, tuple[str, ...]] = {
    "template.Library": ("filter", "inclusion_tag", "simple_block_tag", "simple_tag", "tag"),
    "library.Library": ("filter", "inclusion_tag", "simple_block_tag", "simple_tag", "tag"),
}
"""What modules register functions with while they are only imported: methods, by how the name of their class ends."""

_classes: dict[str, AbsentType] = {}


def absent_class(name: str) -> AbsentType:
    """Return the class that stands for a dotted name; always the same."""
    if name not in _classes:
        module, _, own = name.rpartition(".")
        body = {"_absent": name, "__module__": module, "__doc__": f"{name}, which Duotone has by name only."}
        _classes[name] = AbsentType(own, (Absent,), body)
    return _classes[name]


_exceptions: dict[str, type[Exception]] = {}


def absent_exception(name: str) -> type[Exception]:
    """Return an exception that nothing here raises, for `except` clauses; the same from every module."""
    return _exceptions.setdefault(name, type(name, (Exception,), {"__module__": HERE}))


class Names(NamedTuple):
    """What one module offers by name only: classes, functions, functions that declare, decorators, functions that make
    decorators or classes, and exceptions."""

    classes: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    declaring: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    decorator_factories: tuple[str, ...] = ()
    class_factories: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Return every name."""
        making = (*self.decorators, *self.decorator_factories, *self.class_factories)
        return (*self.classes, *self.functions, *self.declaring, *making, *self.exceptions)

    def make(self, module: str, name: str) -> Any:
        """Return what stands for one of the names."""
        dotted = f"{module}.{name}"
        if name in self.classes:
            return absent_class(dotted)
        if name in self.exceptions:
            return absent_exception(name)
        kinds: tuple[tuple[tuple[str, ...], Callable[[str], Any]], ...] = (
            (self.declaring, DeclaringFunction),
            (self.decorators, AbsentDecorator),
            (self.decorator_factories, AbsentDecoratorFactory),
            (self.class_factories, AbsentClassFactory),
        )
        return next((kind for names, kind in kinds if name in names), AbsentFunction)(dotted)


# -- what the admin's decorators do to models is real ------------------------------------------------------------------


def display(
    function: object = None,
    *,
    boolean: bool | None = None,
    ordering: object = None,
    description: object = None,
    empty_value: object = None,
) -> Any:
    """Note on a model's method how the admin shows it.

    Raises ``ValueError`` for ``boolean`` beside ``empty_value``.
    """

    def decorate(func: object) -> Any:
        if boolean is not None and empty_value is not None:
            raise ValueError("The boolean and empty_value arguments to the @display decorator are mutually exclusive.")
        notes = {
            "boolean": boolean,
            "admin_order_field": ordering,
            "short_description": description,
            "empty_value_display": empty_value,
        }
        for name, value in notes.items():
            if value is not None:
                setattr(func, name, value)
        return func

    return decorate if function is None else decorate(function)


def action(function: object = None, *, permissions: object = None, description: object = None) -> Any:
    """Note on a function how the admin offers it as an action."""

    def decorate(func: object) -> Any:
        for name, value in {"allowed_permissions": permissions, "short_description": description}.items():
            if value is not None:
                setattr(func, name, value)
        return func

    return decorate if function is None else decorate(function)


def register(*models: object, site: object = None) -> Callable[[Any], Any]:
    """Leave an admin class as it is: there is no admin here to know it."""
    return _as_it_is
