"""``OperationDependency``: what an operation of a migration waits for, as detectors of other packages say it."""

from __future__ import annotations

from orm.migrations.dependencies import Dependency, Kind


class OperationDependency(Dependency):
    """A model (or field of it), and what has to have happened to it: one of ``OperationDependency.Type``."""

    __slots__ = ()
    Type = Kind
