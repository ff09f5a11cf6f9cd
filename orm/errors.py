"""Every exception Duotone raises, in one tree, with Django's names where Django has one.

``Error`` is the root. The ``DatabaseError`` branch follows PEP 249; drivers' own exceptions are translated to it at the
edge (inside each backend's connection) and stay reachable as ``__cause__``.
"""

from __future__ import annotations

from typing import Any

NON_FIELD_ERRORS = "__all__"


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
    """A name along a path that instances do not have."""


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
    """Data failed validation.

    Parameters: ``message`` is a string, a list of errors, or a dict of field name to errors, as in Django.
    """

    def __init__(self, message: Any, code: str | None = None, params: dict[str, Any] | None = None) -> None:
        super().__init__(message, code, params)
        self.code = code
        self.params = params
        if isinstance(message, ValidationError):
            message = message.error_dict if message.error_dict is not None else message.messages
        self.error_dict: dict[str, list[str]] | None = None
        self.messages: list[str]
        if isinstance(message, dict):
            self.error_dict = {name: ValidationError(errors).messages for name, errors in message.items()}
            self.messages = [text for errors in self.error_dict.values() for text in errors]
        elif isinstance(message, (list, tuple)):
            self.messages = [text for error in message for text in ValidationError(error).messages]
        else:
            self.messages = [str(message) % params if params else str(message)]
        self.message = self.messages[0] if self.messages else ""

    @property
    def message_dict(self) -> dict[str, list[str]]:
        """Errors by field; ``__all__`` holds those of no field."""
        return self.error_dict if self.error_dict is not None else {NON_FIELD_ERRORS: self.messages}

    def __str__(self) -> str:
        return repr(self.error_dict) if self.error_dict is not None else repr(self.messages)


class InvalidValue(ValidationError, ValueError):
    """A value that its field can't read, where it is compared or stored: no such date, UUID or decimal number.

    It is a ``ValueError``, as Python's own conversions raise, and a ``ValidationError``, as Django's fields do.
    """

    def __str__(self) -> str:
        return self.message


class InvalidCursor(SuspiciousOperation, ValueError):
    """A cursor given to ``page()`` was not made by a page of the same ordering, or was changed since."""


# -- the database ------------------------------------------------------------------------------------------------------


class InterfaceError(Error):
    """The connection or the driver was used in a way it can't be (closed, wrong arguments)."""


class DatabaseError(Error):
    """The database refused or failed; PEP 249's root for that.

    ``retryable`` is set by the backend: True when the transaction lost against another one (a serialization failure, a
    deadlock, a lock held for too long), so that the same transaction, run again from its start, may well succeed.
    """

    retryable: bool = False


class DataError(DatabaseError):
    """A value is out of range or malformed for its column."""


class UnsendableText(DataError, ValueError):
    """A text that has no form in the database's encoding, such as half of a surrogate pair; nothing was sent."""


class UnreadableValue(DataError, ValueError):
    """A stored value is none that its field can read; the message names the field and the row's key."""


class OperationalError(DatabaseError):
    """The database is unreachable, went away, is locked, or ran out of something."""


class IntegrityError(DatabaseError):
    """A constraint (unique, foreign key, check, not null) would be violated.

    ``constraint`` is its name at the database, ``table`` the table it belongs to and ``columns`` those it covers, as
    far as the database says: None and ``()`` where it does not. SQLite never says which foreign key failed, and names
    a unique constraint by its columns only; of a constraint over expressions there are no columns.
    """

    constraint: str | None = None
    table: str | None = None
    columns: tuple[str, ...] = ()


class InternalError(DatabaseError):
    """The database met an internal error."""


class ProgrammingError(DatabaseError):
    """The SQL is wrong, or names a table or column that is not there."""


TABLES_ARE_MADE_BY = "orm.create_tables() makes the tables of your models, and `orm migrate` those of your migrations."
"""What backends add to the database's own words where a table is missing."""


class NotSupportedError(DatabaseError):
    """This database can't do what was asked."""


class PoolTimeout(OperationalError):
    """No connection became free within the pool's ``acquire_timeout``; the message names who holds them."""


class QueryTimeout(OperationalError):
    """A statement ran for longer than its limit, and was stopped."""


class AmbiguousCommit(OperationalError):
    """Nobody knows whether a transaction was committed: the connection broke during COMMIT, or the server says so."""


class TransactionManagementError(DatabaseError):
    """A transaction was used against its rules (broken block, outlived block, nested ``durable``)."""


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
