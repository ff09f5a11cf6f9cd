"""Rows for the schema, as plain Python: what the database holds, and what the expectations are computed from."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

RELATIONS: dict[str, dict[str, tuple[str, str, bool]]] = {
    "Team": {"people": ("Person", "team_id", True)},
    "Skill": {},
    "Person": {
        "team": ("Team", "team_id", False),
        "boss": ("Person", "boss_id", False),
        "reports": ("Person", "boss_id", True),
        "tasks": ("Task", "person_id", True),
        "helped": ("Task", "helper_id", True),
        "skills": ("Skill", "", True),
    },
    "Task": {
        "person": ("Person", "person_id", False),
        "helper": ("Person", "helper_id", False),
        "notes": ("Note", "task_id", True),
    },
    "Note": {"task": ("Task", "task_id", False)},
}
"""By model and name of the relation: the other model, the column that holds the key, and whether there may be many."""


class Row(NamedTuple):
    """One row: its model and its columns."""

    model: str
    columns: dict[str, Any]

    @property
    def pk(self) -> int:
        """The key."""
        return int(self.columns["id"])


class Data:
    """All rows, by model; and which person has which skills."""

    def __init__(self, seed: int, people: int = 8) -> None:
        rnd = random.Random(seed)

        def maybe(low: int, high: int) -> int | None:
            return None if rnd.random() < 0.3 else rnd.randint(low, high)

        def key(count: int) -> int | None:
            return None if rnd.random() < 0.3 else rnd.randint(1, count)

        self.rows: dict[str, list[Row]] = {name: [] for name in RELATIONS}
        for number in range(1, 4):
            self._add("Team", id=number, rank=maybe(0, 3), weight=rnd.randint(0, 3))
            self._add("Skill", id=number, level=maybe(0, 3), weight=rnd.randint(0, 3))
        for number in range(1, people + 1):
            boss = key(number - 1) if number > 1 else None
            self._add("Person", id=number, age=maybe(0, 3), weight=rnd.randint(0, 3), team_id=key(3), boss_id=boss)
        for number in range(1, people + 3):
            person = rnd.randint(1, people - 2)
            self._add(
                "Task", id=number, points=maybe(0, 3), weight=rnd.randint(0, 3), person_id=person, helper_id=key(people)
            )
        for number in range(1, people + 1):
            self._add("Note", id=number, size=maybe(0, 3), task_id=rnd.randint(1, people))
        pairs = [(person, skill) for person in range(1, people + 1) for skill in range(1, 4)]
        self.skills = sorted(rnd.sample(pairs, people + 2))

    def _add(self, model: str, **columns: Any) -> None:
        self.rows[model].append(Row(model, columns))

    def follow(self, row: Row, name: str) -> list[Row]:
        """Return the rows that a relation leads to."""
        other, column, many = RELATIONS[row.model][name]
        rows = self.rows[other]
        if not column:
            return [skill for skill in rows if (row.pk, skill.pk) in self.skills]
        if many:
            return [one for one in rows if one.columns[column] == row.pk]
        return [one for one in rows if one.pk == row.columns[column]]

    def store(self, models: Any) -> None:
        """Put the rows into the (empty) tables."""
        for name, rows in self.rows.items():
            if name == "Person":
                for row in rows:  # each after its boss
                    models.Person.objects.create(**row.columns)
                continue
            model = getattr(models, name)
            model.objects.bulk_create([model(**row.columns) for row in rows])
        through = models.Person.skills.through
        through.objects.bulk_create([through(person_id=person, skill_id=skill) for person, skill in self.skills])
