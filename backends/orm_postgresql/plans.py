"""EXPLAIN's JSON as the steps of a plan (PostgreSQL's documentation, EXPLAIN, and "Using EXPLAIN")."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orm.sql.explanation import Plan, Step

SAID_ELSEWHERE = frozenset(
    {
        "Node Type", "Strategy", "Partial Mode", "Operation", "Join Type", "Relation Name", "Schema", "Alias",
        "Index Name", "CTE Name", "Function Name", "Table Function Name", "Subplan Name", "Parent Relationship",
        "Parallel Aware", "Async Capable", "Scan Direction", "Startup Cost", "Total Cost", "Plan Rows", "Plan Width",
        "Actual Startup Time", "Actual Total Time", "Actual Rows", "Actual Loops", "Inner Unique", "Disabled", "Plans",
        "Workers",
    }
)  # fmt: skip
"""What the title, the figures and the tree say, or what only a developer of PostgreSQL wants to know."""


def plan_of(answer: Any) -> Plan:
    """Return what EXPLAIN (FORMAT JSON) said."""
    [said] = json.loads(answer) if isinstance(answer, str) else answer
    return Plan([_step(said["Plan"])], said.get("Planning Time"), said.get("Execution Time"))


def _step(said: Mapping[str, Any]) -> Step:
    loops = said.get("Actual Loops")
    rows, time = said.get("Actual Rows"), said.get("Actual Total Time")
    return Step(
        title=_title(said),
        details=tuple(_details(said)),
        planned_rows=said.get("Plan Rows"),
        rows=None if rows is None or loops is None else rows * loops,
        loops=loops,
        time=None if time is None or loops is None else time * loops,
        steps=tuple(_step(below) for below in said.get("Plans", ())),
        raw={name: value for name, value in said.items() if name != "Plans"},
    )


def _title(said: Mapping[str, Any]) -> str:
    """Name a step as EXPLAIN's text does."""
    kind: str = said["Node Type"]
    if kind == "Aggregate":
        kind = {"Plain": "", "Sorted": "Group", "Hashed": "Hash", "Mixed": "Mixed"}[said["Strategy"]] + kind
    elif kind == "ModifyTable":
        kind = said["Operation"]
    join = said.get("Join Type", "Inner")
    if join != "Inner":
        kind = f"{kind.removesuffix(' Join')} {join} Join"
    if said.get("Parallel Aware"):
        kind = f"Parallel {kind}"
    if said.get("Partial Mode", "Simple") != "Simple":
        kind = f"{said['Partial Mode']} {kind}"
    if "Index Name" in said:
        kind += f" using {said['Index Name']}"
    place = next((said[key] for key in ("Relation Name", "CTE Name", "Function Name") if key in said), None)
    alias = said.get("Alias")
    if place is not None:
        kind += f" on {place}" + (f" {alias}" if alias not in (None, place) else "")
    elif alias is not None:
        kind += f" on {alias}"
    return f"{said['Subplan Name']}: {kind}" if "Subplan Name" in said else kind


def _details(said: Mapping[str, object]) -> Iterator[str]:
    for name, value in said.items():
        if name in SAID_ELSEWHERE or value in (0, False, None, []):
            continue
        yield f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
