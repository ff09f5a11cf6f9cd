"""Answers to questions in plain Python: what the documentation says a query means, on rows that are Python objects.

The rules for relations with many rows are Django's. Conditions of one ``filter()`` speak of the same related row,
those of two calls may speak of different ones; a row comes once for each combination of related rows that meets them;
under a negation a condition on such a relation asks whether there is any such row. A comparison with NULL is unknown;
under a negation that counts as untrue where a column is compared, while a computed value leaves it unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any, NamedTuple

from tests.answers.data import RELATIONS, Data, Row
from tests.answers.questions import Question

Truth = bool | None
Joined = dict[int, Row | None]
"""One combination of a row with related ones, by the number of the join."""
Group = list[Joined]
Value = Callable[[Group], Any]
"""What an expression is, for the rows of a group (one, where there are no groups)."""


class Join(NamedTuple):
    """A relation that is followed from another join."""

    parent: int
    name: str
    many: bool


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def both(left: Truth, right: Truth) -> Truth:
    """AND with unknown."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def opposite(value: Truth) -> Truth:
    """NOT with unknown."""
    return None if value is None else not value


def connected(word: str, left: Truth, right: Truth) -> Truth:
    """AND, OR or XOR with unknown."""
    if word == "and":
        return both(left, right)
    if word == "or":
        return opposite(both(opposite(left), opposite(right)))
    return (left is True) != (right is True)  # as Django counts: what is unknown is not true


def compared(lookup: str, left: Any, right: Any) -> Truth:
    """A comparison of two values."""
    if lookup == "isnull":
        return (left is None) == bool(right)
    if lookup == "in":
        wanted = [item for item in right if item is not None]
        return False if not wanted else None if left is None else left in wanted
    return None if left is None or right is None else COMPARE[lookup](left, right)


class Evaluation:
    """One query over persons, step by step."""

    def __init__(self, data: Data, nulls_largest: bool, base: Row | None = None) -> None:
        self.data = data
        self.nulls_largest = nulls_largest
        self.base = data.rows["Person"] if base is None else [base]
        self.joins: list[Join] = []
        self.where: list[Callable[[Group], Truth]] = []
        self.having: list[Callable[[Group], Truth]] = []
        self.values: dict[str, Value] = {}
        self.totals: set[str] = set()
        self.chosen: dict[str, Value] = {}
        self.order: list[tuple[Value, bool, str | None]] = []
        self.distinct = False
        self.bounds: tuple[int, int | None] = (0, None)
        self.combined: list[Any] | None = None
        self.windows: list[Callable[[list[Group]], None]] = []
        """What computes values over all rows."""
        self.qualified: list[tuple[str, str, int]] = []
        self.joined_rows: dict[str, tuple[int, Callable[[Row], list[Row]], bool]] = {}
        """What is joined by name: the join's number, the rows for a person, and whether persons without stay."""

    # -- names ---------------------------------------------------------------------------------------------------------

    def joined(self, path: str, reuse: set[int] | None) -> tuple[int, str]:
        """Return the join that a path leads to, and the column there."""
        at, model = 0, "Person"
        parts = path.split("__")
        if parts[0] in self.joined_rows:
            return self.joined_rows[parts[0]][0], parts[1]
        for place, part in enumerate(parts):
            if part not in RELATIONS[model]:
                return at, "id" if part == "pk" else part
            other, column, many = RELATIONS[model][part]
            if place == len(parts) - 1 and not many:
                return at, column  # the key is here already
            at = self._join(at, part, many, reuse)
            model = other
        return at, "id"

    def _join(self, parent: int, name: str, many: bool, reuse: set[int] | None) -> int:
        for number in range(len(self.joins), 0, -1):
            join = self.joins[number - 1]
            if join == Join(parent, name, many) and (not many or reuse is None or number in reuse):
                return number
        self.joins.append(Join(parent, name, many))
        if reuse is not None:
            reuse.add(len(self.joins))
        return len(self.joins)

    def is_many(self, path: str) -> bool:
        """Whether a path leads along a relation with many rows."""
        model = "Person"
        for part in path.split("__"):
            if part not in RELATIONS[model]:
                return False
            model, _, many = RELATIONS[model][part]
            if many:
                return True
        return False

    def value(self, path: str, reuse: set[int] | None) -> Value:
        """Return what a name stands for."""
        if path in self.values:
            return self.values[path]
        at, column = self.joined(path, reuse)

        def held(group: Group) -> Any:
            row = group[0][at]
            return None if row is None else row.columns[column]

        return held

    # -- conditions ----------------------------------------------------------------------------------------------------

    def condition(
        self, made: Any, reuse: set[int] | None, negated: bool = False, within: bool | None = False
    ) -> Callable[[Group], Truth]:
        """Return a condition. ``within``: under any negation; None for what is asked of each joined row."""
        word = made[0]
        if word == "not":
            inner = self.condition(made[1], reuse, not negated, None if within is None else True)
            return lambda group: opposite(inner(group))
        if word in ("and", "or", "xor"):
            left, right = (self.condition(part, reuse, negated, within) for part in made[1])
            return lambda group: connected(word, left(group), right(group))
        if word == "exists":
            return lambda group: self._has_task(group, made[1], made[2])
        if word == "row":
            return self._row(made, reuse)
        if word == "among":
            other = Evaluation(self.data, self.nulls_largest)
            for step in made[1]:
                other.step(step)
            other.step(("order", [("weight", False, None), ("pk", False, None)]))
            keys = [row[0] for row in other.results()][: made[2]]
            return lambda group: self._pk(group) in keys
        return self._leaf(made, reuse, negated, within)

    def _row(self, made: Any, reuse: set[int] | None) -> Callable[[Group], Truth]:
        """Several columns at once: by the first that differ, and unknown where that is."""
        _, lookup, paths, numbers = made
        first, second = (self.value(path, reuse) for path in paths)

        def same(group: Group, one: int, other: int) -> Truth:
            return both(compared("exact", first(group), one), compared("exact", second(group), other))

        def holds(group: Group) -> Truth:
            if lookup == "exact":
                return same(group, *numbers)
            if lookup == "in":
                return connected("or", same(group, *numbers), same(group, *reversed(numbers)))
            rest = both(compared("exact", first(group), numbers[0]), compared(lookup, second(group), numbers[1]))
            return connected("or", compared(lookup[:2], first(group), numbers[0]), rest)

        return holds

    def _leaf(self, made: Any, reuse: set[int] | None, negated: bool, within: bool | None) -> Callable[[Group], Truth]:
        _, path, lookup, given = made
        if lookup == "exact" and given is None:
            lookup, given = "isnull", True
        about = given[1] if isinstance(given, tuple) else None
        if within and (self.is_many(path) or (about is not None and self.is_many(about))):
            if path in self.values:
                return lambda group: self._own_match(group, path, lookup, str(about))
            if path.split("__")[0] in self.joined_rows:
                return lambda group: self._own_match(group, path, lookup, str(about))
            if about is not None and about.split("__")[0] in self.joined_rows:
                return lambda group: self._has_row(group, made, about)
            return lambda group: self._has_row(group, made)
        left = self.value(path, reuse)
        right: Value = (lambda _: given) if about is None else self.value(about, reuse)
        computed = path in self.values

        def holds(group: Group) -> Truth:
            found = compared(lookup, left(group), right(group))
            return False if found is None and negated and not computed else found

        return holds

    def _own_match(self, group: Group, path: str, lookup: str, about: str) -> Truth:
        """Whether a value that is known outside meets a comparison with some row of a relation."""
        left = self.value(path, None)(group)
        inner = Evaluation(self.data, self.nulls_largest, group[0][0])
        right = inner.value(about, set())
        return any(compared(lookup, left, right([row])) is True for row in inner.combinations())

    def _has_row(self, group: Group, made: Any, known: str | None = None) -> Truth:
        """Whether there is a combination of related rows that meets a comparison; ``known``: with a value outside."""
        person = group[0][0]
        assert person is not None
        if known is not None:
            made = (*made[:3], self.value(known, None)(group))
            if made[3] is None:
                return False
        inner = Evaluation(self.data, self.nulls_largest, person)
        holds = inner.condition(made, set())
        return any(holds([row]) is True for row in inner.combinations())

    def _has_task(self, group: Group, lookup: str, value: int) -> Truth:
        person = group[0][0]
        assert person is not None
        return any(
            compared(lookup, task.columns["points"], value) is True for task in self.data.follow(person, "tasks")
        )

    def _pk(self, group: Group) -> int:
        person = group[0][0]
        assert person is not None
        return person.pk

    # -- computed values -----------------------------------------------------------------------------------------------

    def annotation(self, made: Any) -> Value:
        """Return what is computed."""
        word = made[0]
        if word == "latest":
            return lambda group: self._latest(group, made[1])
        if word == "case":
            holds, other = self.condition(made[1], None, within=None), self.value(made[3], None)
            return lambda group: made[2] if holds(group) is True else other(group)
        if word == "total":
            return self._total(*made[1:])
        inner = self.value(made[1], None)
        if word == "plus":
            return lambda group: None if inner(group) is None else inner(group) + made[2]
        if word == "coalesce":
            return lambda group: made[2] if inner(group) is None else inner(group)
        return inner

    def _latest(self, group: Group, weight: int) -> Any:
        person = group[0][0]
        assert person is not None
        tasks = [task for task in self.data.follow(person, "tasks") if task.columns["weight"] >= weight]
        tasks.sort(key=lambda task: (-task.columns["weight"], task.pk))
        return tasks[0].columns["points"] if tasks else None

    def _total(self, function: str, path: str, distinct: bool, condition: Any) -> Value:
        inner = self.value(path, None)
        holds = None if condition is None else self.condition(condition, None, within=None)

        def over(group: Group) -> Any:
            rows = [row for row in group if holds is None or holds([row]) is True]
            return total(function, [inner([row]) for row in rows], distinct)

        return over

    # -- steps ---------------------------------------------------------------------------------------------------------

    def step(self, step: Any) -> None:
        """Take one step of a question."""
        word = step[0]
        if word in ("filter", "exclude"):
            made = step[1] if word == "filter" else ("not", step[1])
            asked = self.having if self._is_about_totals(made) else self.where
            asked.append(self.condition(made, set()))
        elif word == "annotate":
            if step[2][0] == "window":
                self._window(step[1], *step[2][1:])
                return
            self.values[step[1]] = self.annotation(step[2])
            if step[2][0] == "total":
                self.totals.add(step[1])
        elif word in ("join", "given", "cte"):
            self._join_rows(step)
        elif word == "qualify":
            self.qualified.append(step[1:])
        elif word == "order":
            self.order = [(self.value(name, None), descending, nulls) for name, descending, nulls in step[1]]
        elif word == "distinct":
            self.distinct = True
        elif word == "slice":
            self.bounds = step[1:]
        elif word == "values":
            self.chosen = {path: self.value(path, None) for path in step[1]}
        elif word == "merge":
            self._merge(step[1], step[2])
        else:
            self._combine(step[1], step[2])

    def _merge(self, word: str, parts: list[Any]) -> None:
        """One condition. ``&`` speaks of other related rows on each side, ``|`` and ``^`` of the same ones."""
        connector = word.removeprefix("merged ")
        asked: Callable[[Group], Truth] | None = None
        for [(kind, made)] in parts:
            reuse = set(range(1, len(self.joins) + 1)) if connector != "and" else set()
            met = self.condition(made if kind == "filter" else ("not", made), reuse)
            asked = met if asked is None else _both(connector, asked, met)
        assert asked is not None
        self.where.append(asked)

    def _window(self, name: str, function: str, partition: str | None, by: tuple[str, bool]) -> None:
        parted = (lambda _: None) if partition is None else self.value(partition, None)
        ordered, descending = self.value(by[0], None), by[1]
        held: dict[int, Any] = {}

        def compute(groups: list[Group]) -> None:
            for key in {parted(group) for group in groups}:
                peers = [group for group in groups if parted(group) == key]
                peers.sort(key=self._pk)
                peers.sort(key=lambda group: _rank(ordered(group), not descending), reverse=descending)
                for place, group in enumerate(peers):
                    held[id(group[0])] = window(function, place, peers, ordered)

        self.values[name] = lambda group: held[id(group[0])]
        self.windows.append(compute)

    def _join_rows(self, step: Any) -> None:
        if step[0] == "given":
            given = [Row("Given", {"person": one, "points": two, "weight": three}) for one, two, three in step[2]]

            def found(person: Row) -> list[Row]:
                return [row for row in given if row.columns["person"] == person.pk]
        elif step[0] == "cte":

            def found(person: Row) -> list[Row]:
                return [task for task in self.data.follow(person, "tasks") if task.columns["weight"] >= step[2]]
        else:
            _, _, weight, low, high, _ = step

            def found(person: Row) -> list[Row]:
                tasks = [task for task in self.data.follow(person, "tasks") if task.columns["weight"] >= weight]
                return sorted(tasks, key=lambda task: (-task.columns["weight"], task.pk))[low:high]

        self.joins.append(Join(0, step[1], True))
        self.joined_rows[step[1]] = (len(self.joins), found, step[-1])

    def _is_about_totals(self, made: Any) -> bool:
        if made[0] == "leaf":
            return made[1] in self.totals
        parts = made[1] if made[0] in ("and", "or", "xor") else [made[1]] if made[0] == "not" else []
        return any(self._is_about_totals(part) for part in parts)

    def _combine(self, word: str, parts: list[Any]) -> None:
        found: list[list[Any]] = []
        for steps in parts:
            part = Evaluation(self.data, self.nulls_largest)
            for step in steps:
                part.step(step)
            ages = {row.pk: row.columns["age"] for row in self.data.rows["Person"]}
            found.append([(row[0], ages[row[0]]) for row in part.results()])
        left, right = found
        if word == "union all":
            self.combined = left + right
        elif word == "union":
            self.combined = list(dict.fromkeys(left + right))
        elif word == "intersection":
            self.combined = [row for row in dict.fromkeys(left) if row in right]
        else:
            self.combined = [row for row in dict.fromkeys(left) if row not in right]

    # -- results -------------------------------------------------------------------------------------------------------

    def combinations(self) -> Iterable[Joined]:
        """Yield each row with each combination of related ones; without such, with none."""
        rows: list[Joined] = [{0: row} for row in self.base]
        for number, join in enumerate(self.joins, 1):
            wider: list[Joined] = []
            known = self.joined_rows.get(join.name)
            for row in rows:
                near = row[join.parent]
                if known is not None:
                    assert near is not None
                    found: list[Any] = known[1](near) or ([None] if known[2] else [])
                else:
                    found = ([] if near is None else self.data.follow(near, join.name)) or [None]
                wider += [{**row, number: one} for one in found]
            rows = wider
        return rows

    def groups(self) -> list[Group]:
        """Return the rows that are left, each a group of its own unless something is computed over several."""
        rows = [row for row in self.combinations() if all(holds([row]) is True for holds in self.where)]
        if not self.totals:
            return [[row] for row in rows]
        found: dict[Any, Group] = {}
        for row in rows:
            plain = [value for name, value in self.values.items() if name not in self.totals]
            key = [value([row]) for value in (*(self.chosen.values() or [self._pk]), *plain)]
            found.setdefault(tuple(key), []).append(row)
        return [group for group in found.values() if all(holds(group) is True for holds in self.having)]

    def kept(self) -> list[Group]:
        """Return the groups that are results, in order."""
        groups = self.groups()
        for compute in self.windows:
            compute(groups)
        for name, lookup, number in self.qualified:
            groups = [group for group in groups if compared(lookup, self.values[name](group), number) is True]
        if self.distinct:
            seen = {(self.shown(group), *(by([*group]) for by, _, _ in self.order)): group for group in groups}
            groups = list(seen.values())
        for by, descending, nulls in reversed(self.order):
            largest = self.nulls_largest if nulls is None else (nulls == "last") != descending
            groups.sort(key=lambda group: _rank(by(group), largest), reverse=descending)
        low, high = self.bounds
        return groups[low:high]

    def shown(self, group: Group) -> tuple[Any, ...]:
        """Return a result as a tuple."""
        return tuple(value(group) for value in (*(self.chosen.values() or [self._pk]), *self.values.values()))

    def results(self) -> list[Any]:
        """Return the results."""
        if self.combined is not None:
            low, high = self.bounds
            (_, descending, _), = self.order  # fmt: skip
            return sorted(self.combined, key=lambda row: row[0], reverse=descending)[low:high]
        return [self.shown(group) for group in self.kept()]

    def answer(self, question: Question) -> Any:
        """Return the answer to a question."""
        steps, asked = question
        cut = any(step[0] == "slice" and step[1:] != (0, None) for step in steps)
        limited = cut or any(step[0] in ("combine", "merge", "distinct") for step in steps)
        for step in steps:
            if step[0] != "order" or limited or asked[0] == "rows":  # else nothing depends on it, nor on what it joins
                self.step(step)
        if asked[0] == "rows":
            return self.results()
        if asked[0] == "count":
            return len(self.results())
        if asked[0] == "exists":
            return bool(self.results())
        if asked[0] == "update":
            changed = sorted({self._pk(group) for group in self.groups()})
            return len(changed), changed
        plain = not (self.totals or self.distinct or self.bounds != (0, None))
        value = self.value(asked[2], None)
        return total(asked[1], [value(group) for group in (self.groups() if plain else self.kept())], False)


def window(function: str, place: int, peers: list[Group], ordered: Value) -> Any:
    """A window function's value for the row at a place among the ordered ones of its partition."""
    weights = [group[0][0].columns["weight"] for group in peers if group[0][0] is not None]
    before = [ordered(group) for group in peers[:place]]
    if function == "RowNumber":
        return place + 1
    if function == "Rank":
        return 1 + before.index(ordered(peers[place])) if ordered(peers[place]) in before else place + 1
    if function == "DenseRank":
        return len({*before, ordered(peers[place])})
    if function == "Sum":
        return sum(weights[: place + 1])
    if function == "Lag":
        return weights[place - 1] if place else None
    return weights[0]


def _rank(value: Any, largest: bool) -> tuple[bool, Any]:
    return ((value is None) == largest, 0 if value is None else value)


def total(function: str, values: list[Any], distinct: bool) -> Any:
    """Return an aggregate of values."""
    values = [value for value in values if value is not None]
    if distinct:
        values = list(dict.fromkeys(values))
    if function == "Count":
        return len(values)
    if not values:
        return None
    return {"Sum": sum, "Max": max, "Min": min, "Avg": fmean}[function](values)


def _both(connector: str, left: Callable[[Group], Truth], right: Callable[[Group], Truth]) -> Callable[[Group], Truth]:
    return lambda group: connected(connector, left(group), right(group))
