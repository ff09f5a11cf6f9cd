"""What can be wrong with migrations."""

from __future__ import annotations

from orm.errors import DatabaseError, Error


class AmbiguityError(Error):
    """More than one migration begins with a name."""


class BadMigrationError(Error):
    """A migration's file can't be one: it has no class ``Migration``, or can't be read."""


class CircularDependencyError(Error):
    """Migrations depend on each other in a circle."""


class InconsistentMigrationHistory(Error):
    """A migration is recorded as applied before one it depends on."""


class InvalidBasesError(ValueError, Error):
    """A model of a migration inherits from models that are not there."""


class IrreversibleError(RuntimeError, Error):
    """A migration can't be taken back."""


class InvalidMigrationPlan(ValueError, Error):
    """A plan goes forwards and backwards at once."""


class MigrationSchemaMissing(DatabaseError):
    """The table that records migrations is not there and can't be made."""


class NodeNotFoundError(LookupError, Error):
    """A migration depends on one that is not there."""

    def __init__(self, message: str, node: tuple[str, str], origin: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.origin = origin
        self.node = node

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"NodeNotFoundError({self.node!r})"
