"""Every exception Duotone raises, in one tree, with Django's names where Django has one.

``Error`` is the root. The ``DatabaseError`` branch follows PEP 249; drivers' own exceptions are translated to it at the
edge (inside each backend's connection) and stay reachable as ``__cause__``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

E = TypeVar("E", bound=Exception)

NON_FIELD_ERRORS = "__all__"
"""The key of a ``ValidationError``'s mapping for errors that concern no single field."""

TABLES_ARE_MADE_BY = "orm.create_tables() makes the tables of your models, and `orm migrate` those of your migrations."
"""What ``missing`` adds to the database's own words about a table that a model declares."""
COLUMNS_ARE_MADE_BY = "If a model has changed since its table was made: `orm makemigrations`, then `orm migrate`."
"""What ``missing`` adds to the database's own words about a column that a model declares."""

_BETWEEN_WORDS = str.maketrans(dict.fromkeys("\"'`.:,;()\u00ab\u00bb\u201e\u201c\u201d", " "))
"""What stands around a name in a database's words, in any of its languages."""

declared_tables: Callable[[], Iterable[str]] = tuple
declared_columns: Callable[[], Iterable[str]] = tuple
"""What gives the names of all models' tables, and of their columns; the registry of models sets both."""

advice_in_errors = True
"""Whether the text of an error says where it is and what to do, besides what Django's says; else a note of it does."""


def advised(kind: Callable[[str], E], said: str, advice: str, place: str = "") -> E:
    """Return an error of a kind that says what Django's says, and before it the place and after it some advice.

    Programs written for Django print what errors say, and keep it. For them, without ``advice_in_errors``, it is
    Django's alone, and the rest is a note, which Python shows below a traceback.
    """
    if advice_in_errors:
        return kind(f"{place}{said}{advice}")
    error = kind(said)
    error.add_note(f"{place}{advice}".lstrip(" .,:;\n").rstrip(": \n"))
    return error


def missing(kind: Callable[[str], E], said: str, *, column: bool = False, joint: str = ". ") -> E:
    """Return an error of a kind about a table, or a column, that the database misses.

    The error says how to make it only where ``said`` names a table or a column of a model: a statement of the caller's
    own may name anything.

    Parameters: ``said`` are the database's words, of which the first line names what is missing; ``joint`` stands
    between them and the advice.
    """
    names = declared_columns() if column else declared_tables()
    words = said.partition("\n")[0].translate(_BETWEEN_WORDS).split()
    if set(words).isdisjoint(names):
        return kind(said)
    return advised(kind, said, f"{joint}{COLUMNS_ARE_MADE_BY if column else TABLES_ARE_MADE_BY}")


class Error(Exception):
    """Root of everything the library raises on purpose."""


# -- configuration and use ---------------------------------------------------------------------------------------------


class ImproperlyConfigured(Error):
    """A setting, URL or model declaration can't work; the message names it and the remedy."""


class AppRegistryNotReady(Error):
    """A model was needed before the module that declares it was imported."""


class SynchronousOnlyOperation(Error):
    """A blocking form was called on a thread whose event loop is running."""


class BridgeError(Error):
    """A coroutine driven by hand suspended: something in it waits outside a driver connection."""


class ConnectionDoesNotExist(Error):
    """No database is configured under that alias."""


class FieldError(Error):
    """A query names a field, relation, transform or lookup that the model does not have."""


class UnknownAttribute(FieldError, AttributeError):
    """``prefetch_related()`` names something that the instances do not have; Django raises AttributeError for it."""


class FieldDoesNotExist(FieldError):
    """The model has no field of that name."""


class FieldFetchBlocked(Error):
    """Something unloaded was touched while ``fetch_mode`` is *raise*, or in async code without ``await``."""


class SuspiciousOperation(Error):
    """A name that would become SQL text holds what no identifier may hold."""


class SuspiciousFileOperation(SuspiciousOperation):
    """A file's name leaves the folder it belongs to, or is none."""


class DisallowedRedirect(SuspiciousOperation):
    """For programs of the web: a redirect to a scheme that is not allowed."""


class PermissionDenied(Error):
    """For programs: the caller may not do what was asked."""


class ViewDoesNotExist(Error):
    """For programs of the web: an address names no view."""


class MiddlewareNotUsed(Error):
    """For programs of the web: a middleware takes itself out."""


class BadRequest(Error):
    """For programs of the web: a request can't be answered."""


class RequestAborted(Error):
    """For programs of the web: the client went away."""


class ObjectDoesNotExist(Error):
    """No row matched where exactly one was asked for."""


class MultipleObjectsReturned(Error):
    """Several rows matched where exactly one was asked for."""


class ObjectNotUpdated(Error):
    """A forced update (``save(force_update=True)``) matched no row."""


class EmptyResultSet(Error):
    """Raised while compiling when a condition can match no row, so no query needs to run."""


class FullResultSet(Error):
    """Raised while compiling when a condition matches every row, so it can be left out."""


class ValidationError(Error):
    """Data failed validation: one error, a list of errors, or a mapping of fields to the errors of each.

    Parameters:
        message: a text, which ``params`` are put into; a list of texts and errors; a mapping of fields' names to any of
            these; or another ValidationError.
        code: a word for programs, of a single error.
        params: what ``%(name)s`` in the text stands for.

    A single error has ``message``, ``code`` and ``params``; each has ``error_list``, the single errors in it, but for
    one made of a mapping, which has ``error_dict``, a list of single errors for each field. Walking it gives texts, or
    pairs of a field and its texts. (Django's documentation, "Form and field validation".)
    """

    error_dict: dict[str, list[ValidationError]]
    error_list: list[ValidationError]
    message: Any
    code: str | None
    params: Mapping[str, Any] | None

    # Which of ``error_dict``, ``error_list`` and ``message`` an instance has says what it was made of. Programs ask for
    # that with hasattr(), as Django's documentation tells them to, so none of them is there with a None in it.

    def __init__(self, message: Any, code: str | None = None, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, code, params)
        if isinstance(message, ValidationError):
            if hasattr(message, "error_dict"):
                message = message.error_dict
            elif hasattr(message, "message"):
                message, code, params = message.message, message.code, message.params
            else:
                message = message.error_list
        if isinstance(message, dict):
            self.error_dict = {field: ValidationError(errors).flat() for field, errors in message.items()}
        elif isinstance(message, (list, tuple)):
            self.error_list = [single for error in message for single in ValidationError(error).flat()]
        else:
            self.message, self.code, self.params = message, code, params
            self.error_list = [self]

    def flat(self) -> list[ValidationError]:
        """Return the single errors, whichever field they are of."""
        if hasattr(self, "error_dict"):
            return [single for errors in self.error_dict.values() for single in errors]
        return self.error_list

    def text(self) -> str:
        """Return a single error's message with its parameters in it."""
        return str(self.message % self.params if self.params else self.message)

    @property
    def messages(self) -> list[str]:
        """Every text, whichever field it is of."""
        return [single.text() for single in self.flat()]

    @property
    def message_dict(self) -> dict[str, list[str]]:
        """Texts by field. Raises ``AttributeError`` for an error that was not made of a mapping."""
        return {field: [single.text() for single in errors] for field, errors in self.error_dict.items()}

    def update_error_dict(self, error_dict: dict[str, list[ValidationError]]) -> dict[str, list[ValidationError]]:
        """Add these errors to a mapping of fields to errors, and return it; those of no field under ``__all__``."""
        own = self.error_dict if hasattr(self, "error_dict") else {NON_FIELD_ERRORS: self.error_list}
        for field, errors in own.items():
            error_dict.setdefault(field, []).extend(errors)
        return error_dict

    def __iter__(self) -> Iterator[Any]:
        return iter(self.message_dict.items() if hasattr(self, "error_dict") else self.messages)

    def __str__(self) -> str:
        return repr(self.message_dict if hasattr(self, "error_dict") else self.messages)

    def __repr__(self) -> str:
        return f"ValidationError({self})"

    def _key(self) -> Hashable:
        """What two equal errors share. Their order says nothing; an error and a list of it alone are not equal."""
        if hasattr(self, "error_dict"):
            return frozenset((field, frozenset(map(repr_key, errors))) for field, errors in self.error_dict.items())
        if hasattr(self, "message"):
            return repr_key(self)
        return frozenset(map(repr_key, self.error_list))

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, ValidationError) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


def repr_key(single: ValidationError) -> tuple[str, str | None, str]:
    """Return what two equal single errors share. Parameters may be unhashable, so they count by their ``repr()``."""
    return str(single.message), single.code, repr(sorted((single.params or {}).items()))


class InvalidValue(ValidationError, ValueError):
    """A value that its field can't read, where it is compared or stored: no such date, UUID or decimal number.

    It is a ``ValueError``, as Python's own conversions raise, and a ``ValidationError``, as Django's fields do.
    """

    def __str__(self) -> str:
        return self.text()


class InvalidPage(Error):
    """A ``Paginator`` has no such page."""


class PageNotAnInteger(InvalidPage):
    """A ``Paginator`` was asked for a page by something that is no whole number."""


class EmptyPage(InvalidPage):
    """A ``Paginator`` was asked for a page that has no objects, or by a number below 1."""


class InvalidCursor(SuspiciousOperation, ValueError):
    """A cursor given to ``page()`` was not made by a page of the same ordering, or was changed since."""


# -- the database ------------------------------------------------------------------------------------------------------


class DatabaseAPIError(Error):
    """What PEP 249 calls ``Error``: whatever went wrong with a database, on its side or the driver's."""


class InterfaceError(DatabaseAPIError):
    """The connection or the driver was used in a way it can't be (closed, wrong arguments)."""


class DatabaseError(DatabaseAPIError):
    """The database refused or failed; PEP 249's root for that.

    ``retryable`` is set by the backend: True when the transaction lost against another one (a serialization failure, a
    deadlock, a lock held for too long), so that the same transaction, run again from its start, may well succeed.
    Of an error of ``copy_in()``, ``row`` is the number, from 1, of the row that failed, and ``column`` the name of its
    column, as far as the database says.
    """

    retryable: bool = False
    row: int | None = None
    column: str | None = None


class DataError(DatabaseError):
    """A value is out of range or malformed for its column."""


class UnsendableText(DataError, ValueError):
    """A text that the database can't hold (half of a surrogate pair; NUL on PostgreSQL); nothing was sent."""


class BadRow(DataError, ValueError):
    """A row that ``copy_in()`` was given can't be one of the model; the message names its number, field and model."""


class UnreadableValue(DataError, ValueError):
    """A stored value that its field can't read; the message names the field and the row's key."""


class OperationalError(DatabaseError):
    """The database is unreachable, went away, is locked, or ran out of something."""


class LockNotAvailable(OperationalError):
    """A lock could not be had at once (``nowait``), or not within a ``lock_timeout``."""


class IntegrityError(DatabaseError):
    """A constraint (unique, foreign key, check, not null) would be violated.

    ``constraint`` is its name at the database, ``table`` the table it belongs to and ``columns`` those it covers, as
    far as the database says: None and ``()`` where it does not. SQLite says which foreign key failed at the end of
    an ``atomic()`` block only, and names a unique constraint by its columns only; of a constraint over expressions
    there are no columns.
    """

    constraint: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()


class InternalError(DatabaseError):
    """The database met an internal error."""


class ProgrammingError(DatabaseError):
    """The SQL is wrong, or names a table or column that is not there."""


class SchemaMismatch(ProgrammingError, ValueError):
    """A table can't be changed as asked: the two fields have no change between them, or what is to go isn't there."""


class NotSupportedError(DatabaseError):
    """This database can't do what was asked."""


class PoolTimeout(OperationalError):
    """No connection became free within the pool's ``acquire_timeout``; the message names who holds them."""


class QueryTimeout(OperationalError):
    """A statement ran for longer than its limit, and was stopped."""


class AmbiguousCommit(OperationalError):
    """Nobody knows whether a transaction was committed: the connection broke during COMMIT, or the server says so."""


class TransactionManagementError(ProgrammingError):
    """A transaction was used against its rules (broken block, outlived block, nested ``durable``)."""


class NestedDurableBlock(TransactionManagementError, RuntimeError):
    """An ``atomic(durable=True)`` stands inside another block, so its end would not be a commit."""


class RepeatedQueryWarning(UserWarning):
    """One line of code has run the same query more often than the setting ``repeated_query_limit`` allows."""


class ProtectedError(IntegrityError):
    """``on_delete=PROTECT`` stopped a deletion; ``protected_objects`` holds the referring instances."""

    def __init__(self, message: str, protected_objects: set[Any]) -> None:
        super().__init__(message, protected_objects)
        self.protected_objects = protected_objects


class RestrictedError(IntegrityError):
    """``on_delete=RESTRICT`` stopped a deletion; ``restricted_objects`` holds the referring instances."""

    def __init__(self, message: str, restricted_objects: set[Any]) -> None:
        super().__init__(message, restricted_objects)
        self.restricted_objects = restricted_objects


def __getattr__(name: str) -> Any:
    """Tell where the exception is that is each model's own."""
    said = f"module {__name__!r} has no attribute {name!r}"
    if name == "DoesNotExist":
        said += ": each model has its own, as Author.DoesNotExist, and ObjectDoesNotExist is that of them all"
    raise AttributeError(said, name=name)
