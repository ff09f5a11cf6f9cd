"""Questions: made at random as plain data, and turned into querysets.

A question is a list of steps and what is asked in the end. A condition is a tuple: ``("leaf", path, lookup, value)``,
``("and" | "or" | "xor", conditions)``, ``("not", condition)``, ``("exists", lookup, value)`` about the tasks of a
person, ``("among", steps, bound)`` for the keys of another question, ``("row", lookup, paths, numbers)`` for several
columns at once. A value is a number, a list, None, a bool or ``("F", path)``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

SINGLE = ["age", "weight", "team__rank", "team__weight", "boss__age", "boss__team__rank", "boss__weight"]
MANY = [
    "tasks__points", "tasks__weight", "skills__level", "skills__weight", "reports__age", "helped__points",
    "tasks__notes__size", "team__people__age", "reports__tasks__points", "tasks__helper__age", "boss__tasks__weight",
]  # fmt: skip
KEYS = ["team", "boss", "tasks", "skills", "reports", "tasks__helper", "tasks__notes"]
COMPARISONS = ["exact", "gt", "gte", "lt", "lte"]
AGGREGATES = ["Count", "Sum", "Max", "Min", "Avg"]
DISTINCT = {"Count", "Sum", "Avg"}
ROWS = {"exact": "TupleExact", "gt": "TupleGreaterThan", "gte": "TupleGreaterThanOrEqual", "lt": "TupleLessThan"}
WINDOWS = ["RowNumber", "Rank", "DenseRank", "Sum", "Lag", "FirstValue"]
MERGED = {"merged or": "__or__", "merged and": "__and__", "merged xor": "__xor__"}

Question = tuple[list[Any], Any]


class Maker:
    """Makes questions with the choices of a random number generator (Hypothesis has one that it can shrink)."""

    def __init__(self, rnd: random.Random) -> None:
        self.rnd = rnd
        self.names: list[str] = []
        """Annotations that are computed for each row."""
        self.totals: list[str] = []
        """Annotations that are computed over several rows."""
        self.joins: list[str] = []
        """Names of joined rows."""

    def chance(self, percent: int) -> bool:
        """Whether something happens."""
        return self.rnd.randrange(100) < percent

    def number(self) -> int:
        """A number to compare with."""
        return self.rnd.randrange(4)

    def path(self) -> str:
        """A column, of the person or of what a relation or a join leads to."""
        if self.joins and self.chance(30):
            return f"{self.rnd.choice(self.joins)}__{self.rnd.choice(['points', 'weight'])}"
        return self.rnd.choice(MANY if self.chance(45) else SINGLE)

    def leaf(self, single: bool = False) -> Any:
        """A comparison."""
        if not single and self.chance(12):
            path = self.rnd.choice(KEYS)
            return ("leaf", path, "isnull", self.chance(50))
        known = [*self.names, *self.totals]
        path = self.rnd.choice(SINGLE) if single else self.path()
        if known and self.chance(30):
            path = self.rnd.choice(known)
        chosen = self.rnd.randrange(10)
        if chosen == 0:
            return ("leaf", path, "isnull", self.chance(50))
        if chosen == 1:
            return ("leaf", path, "exact", None)
        if chosen == 2:
            listed: list[int | None] = [self.number() for _ in range(self.rnd.randrange(3))]
            return ("leaf", path, "in", [*listed, None] if self.chance(20) else listed)
        if chosen == 3 and path not in self.totals:
            other = self.rnd.choice(SINGLE) if single else self.path()
            return ("leaf", path, self.rnd.choice(COMPARISONS), ("F", other))
        return ("leaf", path, self.rnd.choice(COMPARISONS), self.number())

    def condition(self, depth: int = 2, single: bool = False) -> Any:
        """A condition of any depth; ``single``: not about relations with many rows."""
        chosen = self.rnd.randrange(13) if depth else 0
        if chosen < 6:
            return self.leaf(single)
        if chosen == 12:
            paths = ["age", self.rnd.choice(["weight", "boss", "team__rank"])]
            return ("row", self.rnd.choice([*ROWS, "in"]), paths, [self.number(), self.number()])
        if chosen < 9:
            word = self.rnd.choice(["and", "or", "or", "xor"])
            return (word, [self.condition(depth - 1, single) for _ in range(2)])
        if chosen < 10:
            return ("not", self.condition(depth - 1, single))
        if chosen < 11:
            return ("exists", self.rnd.choice(COMPARISONS), self.number())
        joins, self.joins = self.joins, []
        made = ("among", [self.plain_filter() for _ in range(self.rnd.randrange(1, 3))], self.among_bound())
        self.joins = joins
        return made

    def among_bound(self) -> int | None:
        """How many keys another question gives; None: all."""
        return self.rnd.randrange(1, 5) if self.chance(40) else None

    def plain_filter(self) -> Any:
        """A filter that names no annotation."""
        names, totals, self.names, self.totals = self.names, self.totals, [], []
        made = (self.rnd.choice(["filter", "filter", "exclude"]), self.condition(1))
        self.names, self.totals = names, totals
        return made

    def filter(self) -> Any:
        """A filter; one that names a total is about nothing that has many rows."""
        word = self.rnd.choice(["filter", "filter", "exclude"])
        if not self.totals:
            return (word, self.condition())
        if self.chance(50):
            return (word, self.condition(single=True))
        return self.plain_filter()

    def annotation(self) -> Any:
        """A value that is computed for each row."""
        chosen = self.rnd.randrange(6)
        if chosen == 0:
            made: Any = ("plus", self.path(), self.number())
        elif chosen == 5:
            made = ("plus", self.rnd.choice(self.names) if self.names else "weight", self.number())
        elif chosen == 1:
            made = ("coalesce", self.path(), self.number())
        elif chosen == 2:
            made = ("case", self.plain_filter()[1], self.number(), self.path())
        elif chosen == 3:
            made = ("latest", self.number())
        else:
            made = ("column", self.path())
        return made

    def total(self, paths: list[str] | None = None) -> Any:
        """A value that is computed over several rows."""
        function = self.rnd.choice(AGGREGATES)
        chosen = [*MANY, "tasks", "skills", *SINGLE] if function == "Count" else [*MANY, *SINGLE]
        path = self.rnd.choice(paths or [*chosen, *self.names])
        names, totals, self.names, self.totals = self.names, self.totals, [], []
        condition = self.condition(1) if self.chance(25) else None
        self.names, self.totals = names, totals
        distinct = function in DISTINCT and self.chance(30)
        return ("total", function, path, distinct, condition)

    def order(self, single: bool) -> Any:
        """An order that leaves nothing open: it ends in the key and the annotations."""
        keys: list[Any] = []
        for _ in range(self.rnd.randrange(3)):
            path = self.rnd.choice(SINGLE) if single else self.path()
            keys.append((path, self.chance(50), self.rnd.choice([None, "first", "last"])))
        keys.append(("pk", self.chance(50), None))
        keys += [(name, False, None) for name in [*self.names, *self.totals]]
        return ("order", keys)

    def question(self) -> Question:
        """A question."""
        if self.chance(15):
            return self.grouped()
        if self.chance(12):
            return self.combined()
        if self.chance(10):
            return self.merged()
        if self.chance(12):
            return self.windowed()
        steps: list[Any] = []
        if self.chance(25):
            for number in range(self.rnd.randrange(1, 3)):
                steps.append(self.join(f"j{number}"))
                self.joins.append(f"j{number}")
        for _ in range(self.rnd.randrange(5)):
            chosen = self.rnd.randrange(10)
            if chosen < 6:
                steps.append(self.filter())
            elif chosen < 8:
                name = f"x{len(self.names)}"
                steps.append(("annotate", name, self.annotation()))
                self.names.append(name)
            else:
                name = f"t{len(self.totals)}"
                steps.append(("annotate", name, self.total()))
                self.totals.append(name)
        distinct = not self.totals and self.chance(20)
        ordered = self.order(single=distinct or bool(self.totals))
        steps += [ordered] if not distinct else [ordered, ("distinct",)]
        if self.chance(30):
            low = self.rnd.randrange(3)
            steps.append(("slice", low, self.rnd.choice([None, low, low + 2, low + 5])))
        return steps, self.asked(sliced=steps[-1][0] == "slice", distinct=distinct)

    def join(self, name: str) -> Any:
        """The first few tasks of each person, or tasks that are given, as a join."""
        optional = self.chance(50)
        if self.chance(30):
            rows = [(self.rnd.randrange(1, 9), self.number(), self.number()) for _ in range(self.rnd.randrange(4))]
            return ("given", name, rows, optional)
        if self.chance(30):
            return ("cte", name, self.number(), optional)
        low = self.rnd.randrange(2)
        return ("join", name, self.number(), low, self.rnd.choice([None, low + 1, low + 2]), optional)

    def asked(self, sliced: bool, distinct: bool) -> Any:
        """What is asked in the end."""
        chosen = self.rnd.randrange(9)
        if chosen == 8:
            return ("rows",) if sliced else ("update",)
        if chosen == 0:
            return ("count",)
        if chosen == 1:
            return ("exists",)
        if chosen == 2:
            if sliced or distinct or self.totals:
                return ("aggregate", self.rnd.choice(AGGREGATES), self.rnd.choice(["weight", "age", *self.totals]))
            return ("aggregate", self.rnd.choice(AGGREGATES), self.path())
        return ("rows",)

    def grouped(self) -> Question:
        """values(), then aggregates."""
        steps: list[Any] = [self.plain_filter() for _ in range(self.rnd.randrange(2))]
        paths = [self.path() for _ in range(self.rnd.randrange(1, 3))]
        steps.append(("values", list(dict.fromkeys(paths))))
        for number in range(self.rnd.randrange(1, 3)):
            steps.append(("annotate", f"t{number}", self.total()))
            self.totals.append(f"t{number}")
        if self.chance(40):
            word = self.rnd.choice(["filter", "exclude"])
            steps.append((word, ("leaf", "t0", self.rnd.choice(COMPARISONS), self.number())))
        if self.chance(30):
            steps.append(self.plain_filter())
        return steps, self.rnd.choice([("rows",), ("rows",), ("count",)])

    def windowed(self) -> Question:
        """What is computed over the rows that the conditions have left, and conditions on it.

        Each person comes once: which of two equal rows is the first is nobody's to say.
        """
        words = ["filter", "exclude"]
        steps: list[Any] = [
            (self.rnd.choice(words), self.condition(1, single=True)) for _ in range(self.rnd.randrange(3))
        ]
        for number in range(self.rnd.randrange(1, 3)):
            partition = self.rnd.choice([None, *SINGLE])
            by = (self.rnd.choice(["age", "weight", "team__rank"]), self.chance(50))
            steps.append(("annotate", f"w{number}", ("window", self.rnd.choice(WINDOWS), partition, by)))
        if self.chance(60):
            steps.append(("qualify", "w0", self.rnd.choice(COMPARISONS), self.number()))
        if self.chance(30):
            steps.append((self.rnd.choice(words), self.condition(1, single=True)))
        names = [(step[1], False, None) for step in steps if step[0] == "annotate"]
        steps.append(("order", [("pk", self.chance(50), None), *names]))
        if self.chance(30):
            steps.append(("slice", self.rnd.randrange(3), None))
        return steps, self.rnd.choice([("rows",), ("rows",), ("count",), ("exists",)])

    def merged(self) -> Question:
        """Querysets with an operator between them."""
        parts = [
            [(self.rnd.choice(["filter", "exclude"]), self.condition(single=self.chance(60)))]
            for _ in range(self.rnd.randrange(2, 4))
        ]
        word = self.rnd.choice(list(MERGED))
        steps: list[Any] = [("merge", word, parts), ("order", [("pk", self.chance(50), None)])]
        return steps, self.rnd.choice([("rows",), ("rows",), ("count",), ("exists",)])

    def combined(self) -> Question:
        """union() and its kin."""
        parts = [[self.plain_filter() for _ in range(self.rnd.randrange(1, 3))] for _ in range(2)]
        word = self.rnd.choice(["union", "union all", "intersection", "difference"])
        steps: list[Any] = [("combine", word, parts), ("order", [("pk", self.chance(50), None)])]
        if self.chance(40):
            low = self.rnd.randrange(3)
            steps.append(("slice", low, self.rnd.choice([None, low + 3])))
        return steps, self.rnd.choice([("rows",), ("rows",), ("count",), ("exists",)])


# -- as querysets ------------------------------------------------------------------------------------------------------


class Builder:
    """Makes querysets of questions. ``words`` has F, Q, Count and the like, ``models`` the models."""

    def __init__(self, words: Any, models: Any) -> None:
        self.words = words
        self.models = models

    def condition(self, made: Any) -> Any:
        """Return a condition as Q, or as an expression."""
        words = self.words
        if made[0] == "leaf":
            _, path, lookup, value = made
            return words.Q((f"{path}__{lookup}", words.F(value[1]) if isinstance(value, tuple) else value))
        if made[0] == "not":
            return ~words.Q(self.condition(made[1]))
        if made[0] == "exists":
            tasks = self.models.Task.objects.filter(person=words.OuterRef("pk"), **{f"points__{made[1]}": made[2]})
            return words.Q(words.Exists(tasks))
        if made[0] == "row":
            _, lookup, paths, numbers = made
            if lookup == "in":
                return words.Q(words.TupleIn(paths, [numbers, [numbers[1], numbers[0]]]))
            return words.Q(getattr(words, ROWS[lookup])(paths, numbers))
        if made[0] == "among":
            inner = self.rows(made[1]).order_by("weight", "pk")
            return words.Q(pk__in=inner.values("pk") if made[2] is None else inner.values("pk")[: made[2]])
        first, second = (words.Q(self.condition(part)) for part in made[1])
        return first & second if made[0] == "and" else first | second if made[0] == "or" else first ^ second

    def annotation(self, made: Any) -> Any:
        """Return what is computed."""
        words = self.words
        if made[0] == "plus":
            return words.F(made[1]) + made[2]
        if made[0] == "coalesce":
            return words.Coalesce(made[1], made[2])
        if made[0] == "case":
            when = words.When(words.Q(self.condition(made[1])), then=words.Value(made[2]))
            return words.Case(when, default=words.F(made[3]))
        if made[0] == "latest":
            tasks = self.models.Task.objects.filter(person=words.OuterRef("pk"), weight__gte=made[1])
            return words.Subquery(tasks.order_by("-weight", "pk").values("points")[:1])
        if made[0] == "column":
            return words.F(made[1])
        if made[0] == "window":
            _, function, partition, (by, descending) = made
            order = [words.F(by).desc(nulls_last=True) if descending else words.F(by).asc(nulls_last=True)]
            if function not in ("Rank", "DenseRank"):
                order.append(words.F("pk").asc())
            of = ("weight",) if function in ("Sum", "Lag", "FirstValue") else ()
            parted = {} if partition is None else {"partition_by": words.F(partition)}
            return words.Window(getattr(words, function)(*of), order_by=order, **parted)
        _, function, path, distinct, condition = made
        filtered = None if condition is None else words.Q(self.condition(condition))
        return getattr(words, function)(path, filter=filtered, **({"distinct": True} if distinct else {}))

    def rows(self, steps: list[Any]) -> Any:
        """Return the queryset of some steps."""
        queryset = self.models.Person.objects.all()
        for step in steps:
            queryset = self.step(queryset, step)
        return queryset

    def step(self, queryset: Any, step: Any) -> Any:
        """Return a queryset one step on."""
        words = self.words
        if step[0] in ("filter", "exclude"):
            return getattr(queryset, step[0])(words.Q(self.condition(step[1])))
        if step[0] == "annotate":
            return queryset.annotate(**{step[1]: self.annotation(step[2])})
        if step[0] == "order":
            return queryset.order_by(*(self.ordering(*key) for key in step[1]))
        if step[0] == "distinct":
            return queryset.distinct()
        if step[0] == "slice":
            return queryset[step[1] : step[2]]
        if step[0] == "join":
            tasks = self.models.Task.objects.filter(person=words.OuterRef("pk"), weight__gte=step[2])
            tasks = tasks.order_by("-weight", "pk")[step[3] : step[4]]
            return queryset.join(step[1], tasks, optional=step[5])
        if step[0] == "cte":
            tasks = self.models.Task.objects.filter(weight__gte=step[2]).values("person", "points", "weight")
            return queryset.with_cte(words.CTE(step[1], tasks), on={"pk": "person"}, optional=step[3])
        if step[0] == "qualify":
            return queryset.filter(**{f"{step[1]}__{step[2]}": step[3]})
        if step[0] == "merge":
            merged, *others = (self.rows(part) for part in step[2])
            for other in others:
                merged = getattr(merged, MERGED[step[1]])(other)
            return merged
        if step[0] == "given":
            columns = {"person": words.IntegerField(), "points": words.IntegerField(), "weight": words.IntegerField()}
            return queryset.join(step[1], words.Rows(columns, step[2]), on={"pk": "person"}, optional=step[3])
        if step[0] == "values":
            return queryset.values(*step[1]).order_by()
        first, second = (self.rows(part).values_list("pk", "age") for part in step[2])
        if step[1] == "union all":
            return first.union(second, all=True)
        return getattr(first, step[1])(second)

    def ordering(self, name: str, descending: bool, nulls: str | None) -> Any:
        """Return one key of an order."""
        if nulls is None:
            return f"-{name}" if descending else name
        options = {f"nulls_{nulls}": True}
        by = self.words.F(name)
        return by.desc(**options) if descending else by.asc(**options)

    def answer(self, question: Question) -> Any:
        """Ask the database."""
        steps, asked = question
        queryset = self.rows(steps)
        if asked[0] in ("count", "exists"):
            return getattr(queryset, asked[0])()
        if asked[0] == "update":
            return self.updated(queryset.update)
        if asked[0] == "aggregate":
            return queryset.aggregate(a=getattr(self.words, asked[1])(asked[2]))["a"]
        return self.seen(question, list(queryset))

    def updated(self, update: Callable[..., int]) -> Any:
        """Change the rows by their queryset's update(), see which were, and undo it."""
        persons = self.models.Person.objects
        before = dict(persons.values_list("pk", "weight"))
        try:
            count = update(weight=self.words.F("weight") + 100)
            changed = sorted(persons.filter(weight__gte=100).values_list("pk", flat=True))
        finally:
            for weight in set(before.values()):
                persons.filter(pk__in=[pk for pk, held in before.items() if held == weight]).update(weight=weight)
        return count, changed

    def seen(self, question: Question, results: list[Any]) -> list[Any]:
        """Return the results as plain tuples."""
        steps, _ = question
        names = [step[1] for step in steps if step[0] == "annotate"]
        for step in steps:
            if step[0] == "combine":
                return [tuple(row) for row in results]
            if step[0] == "values":
                return [tuple(row[name] for name in [*step[1], *names]) for row in results]
        return [(row.pk, *(getattr(row, name) for name in names)) for row in results]
