"""Figures of pools and databases: what they are doing, and what they have done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.records import NamedTuple

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


def home_named(loop: AbstractEventLoop | None) -> str:
    """Return how a pool's home is called: ``blocking``, or the loop's library and what tells it from others."""
    if loop is None:
        return "blocking"
    return f"event loop of {type(loop).__module__.partition('.')[0]}, {id(loop):#x}"


class PoolStatistics(NamedTuple):
    """What a pool is doing and has done."""

    home: str
    """``blocking``, or the event loop it belongs to."""
    size: int
    idle: int
    busy: int
    waiting: int
    opened: int
    closed: int
    waits: int
    """How often a caller had to wait for a connection."""
    waited_seconds: float
    timeouts: int
    statements: int


class DatabaseStatistics(NamedTuple):
    """Statements run by this process so far, by the caller's colour, and the figures of each pool."""

    awaitable: int
    blocking: int
    pools: tuple[PoolStatistics, ...]
