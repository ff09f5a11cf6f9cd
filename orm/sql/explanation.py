"""What a database says of how it runs a query: a text to be read, and the steps it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orm.records import NamedTuple

INDENT = "  "


class Step(NamedTuple):
    """One step of a plan, and those it gets its rows from.

    Times are milliseconds, of the step with all below it. Of a step that ran several times, ``rows`` and ``time`` are
    those of all ``loops`` together. None stands for what was not measured, or is not known.
    """

    title: str
    details: tuple[str, ...] = ()
    planned_rows: float | None = None
    rows: float | None = None
    loops: int | None = None
    time: float | None = None
    steps: tuple[Step, ...] = ()
    raw: Mapping[str, Any] = {}
    """All that the database said of it, in its own words."""

    def walk(self) -> Iterator[Step]:
        """Yield it and all below it."""
        yield self
        for step in self.steps:
            yield from step.walk()

    def lines(self, indent: str = "") -> Iterator[str]:
        """Yield it and all below it as lines of a tree."""
        yield f"{indent}{self.title}{self._measured()}"
        for detail in self.details:
            yield f"{indent}{INDENT}{INDENT}{detail}"
        for step in self.steps:
            yield from step.lines(indent + INDENT)

    def _measured(self) -> str:
        said: list[str] = []
        if self.loops == 0:
            said.append("never ran")
        elif self.rows is not None:
            planned = "" if self.planned_rows is None else f" of {self.planned_rows:,.0f} planned"
            said.append(f"{self.rows:,.0f} rows{planned}")
        elif self.planned_rows is not None:
            said.append(f"about {self.planned_rows:,.0f} rows")
        if self.loops:
            if self.time is not None:
                said.append(f"{self.time:,.3f} ms")
            if self.loops > 1:
                said.append(f"{self.loops:,} times")
        return f"  ({', '.join(said)})" if said else ""


class Plan(NamedTuple):
    """The steps of a query, and what was measured of all of it: milliseconds, None where nothing was."""

    steps: Sequence[Step]
    planning_time: float | None = None
    total_time: float | None = None
    rows: int | None = None
    """How many rows the query gave, where that is not said of its steps."""


class Explanation(str):
    """The account of a query: a text, a tree with one step in a line, which is also its parts.

    Attributes:
        steps: the steps at the top, as ``Step``; there is one, but for databases that say otherwise.
        planning_time: milliseconds that planning took, or None.
        total_time: milliseconds that running took; None where the query was not run.
    """

    __slots__ = ("planning_time", "steps", "total_time")

    steps: tuple[Step, ...]
    planning_time: float | None
    total_time: float | None

    def __new__(cls, plan: Plan, text: str | None = None) -> Explanation:
        lines = [line for step in plan.steps for line in step.lines()]
        measured = [] if plan.planning_time is None else [f"planned in {plan.planning_time:,.3f} ms"]
        if plan.total_time is not None:
            given = "" if plan.rows is None else f", {plan.rows:,} rows"
            measured.append(f"ran in {plan.total_time:,.3f} ms{given}")
        if measured:
            lines.append(", ".join(measured))
        self = super().__new__(cls, "\n".join(lines) if text is None else text)
        self.steps = tuple(plan.steps)
        self.planning_time = plan.planning_time
        self.total_time = plan.total_time
        return self

    @property
    def text(self) -> str:
        """The text alone."""
        return str.__str__(self)

    @property
    def nodes(self) -> list[Step]:
        """All steps, each before those below it."""
        return [node for step in self.steps for node in step.walk()]

    def __repr__(self) -> str:
        return self.text if self.steps else str.__repr__(self)  # as a text is shown: there is no tree to look at

    def __reduce__(self) -> tuple[object, ...]:
        return Explanation, (Plan(self.steps, self.planning_time, self.total_time), self.text)
