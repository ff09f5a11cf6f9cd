"""A diagram of models as SVG, and as Mermaid for pages that draw it themselves.

Apps stand side by side, each in a frame with its models below each other; a line leaves a model at the field that
refers, and says at both ends how many rows there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from orm.models.diagram import MANY, MAYBE, ONE, Diagram, Entity, Relation

LINE, HEAD, PAD, GAP, FRAME = 20, 30, 12, 28, 22
LOOP = 18
"""What lines between models of one column need beside them."""
LETTER, SMALL = 7.3, 6.4
"""The width of a letter, in names and in types."""
TALLEST = 860
COLOURS = ("#3b6fb6", "#2f8f6b", "#b3622f", "#7b5bb0", "#b0436e", "#5c7d2a", "#2b8a9e", "#8a6d3b")

STYLE = """\
text { font-family: ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; font-size: 12px; }
text { fill: #1f2933; }
.app { font-size: 13px; font-weight: 600; letter-spacing: .04em; }
.frame { fill: #f6f8fa; stroke: #d5dce3; }
.box { fill: #fff; stroke: #c3ccd6; }
.title { font-weight: 600; fill: #fff; font-size: 13px; }
.kind { fill: #7b8794; font-size: 11px; }
.mark { font-size: 9px; font-weight: 700; }
.line { fill: none; stroke: #8494a4; stroke-width: 1.4; }
.inherits { stroke-dasharray: 5 4; }
.count { font-size: 11px; font-weight: 600; fill: #52606d; }
.back { fill: #fff; }
@media (prefers-color-scheme: dark) {
text { fill: #e4e9ee; } .back { fill: #14181d; } .frame { fill: #1b2128; stroke: #323c47; }
.box { fill: #232b34; stroke: #3d4955; } .kind { fill: #94a3b3; } .line { stroke: #7d8d9d; }
.count { fill: #c5cfd9; }
}"""

MERMAID = {(ONE, "near"): "||", (ONE, "far"): "||", (MAYBE, "near"): "|o", (MAYBE, "far"): "o|", (MANY, "near"): "}o",
           (MANY, "far"): "o{"}  # fmt: skip


@dataclass
class Box:
    """Where an entity stands."""

    entity: Entity
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        """How high it is."""
        return HEAD + LINE * len(self.entity.attributes) + PAD

    def row(self, name: str) -> float:
        """The height of a field's line; of the title where there is no such line."""
        for place, attribute in enumerate(self.entity.attributes):
            if attribute.name in (name, f"{name}_id"):
                return self.y + HEAD + LINE * place + LINE / 2 + 4
        return self.y + HEAD / 2


def width_of(entity: Entity) -> float:
    """How wide an entity has to be."""
    rows = [44 + len(one.name) * LETTER + len(one.kind) * SMALL for one in entity.attributes]
    return max([len(entity.name) * 8.2 + 2 * PAD, 150, *rows]) + PAD


def mermaid(diagram: Diagram) -> str:
    """Return the diagram as Mermaid's ``erDiagram``."""
    lines = ["erDiagram"]
    for app, entities in diagram.by_app().items():
        lines.append(f"    %% {app}")
        for entity in entities:
            lines.append(f"    {_identifier(entity.label)} {{")
            lines += [f"        {_identifier(one.kind)} {_identifier(one.name)} {one.mark}".rstrip()
                      for one in entity.attributes]  # fmt: skip
            lines.append("    }")
    for one in diagram.relations:
        dashes = ".." if one.kind == "inherits" else "--"
        ends = MERMAID[one.near_count, "near"], MERMAID[one.far_count, "far"]
        lines.append(
            f"    {_identifier(one.near)} {ends[0]}{dashes}{ends[1]} {_identifier(one.far)} : {_identifier(one.name)}"
        )
    return "\n".join(lines) + "\n"


def _identifier(text: str) -> str:
    return re.sub(r"\W", "_", text)


# -- SVG ---------------------------------------------------------------------------------------------------------------


def svg(diagram: Diagram) -> str:
    """Return the diagram as an SVG document."""
    boxes: dict[str, Box] = {}
    frames: list[tuple[str, float, float, float]] = []
    x = float(GAP)
    for app, entities in diagram.by_app().items():
        right, bottom = _place(_ordered(entities, diagram.relations), x + FRAME, boxes)
        width = max(right - x, len(app) * 8.0 + 2 * FRAME)
        frames.append((app, x, width, bottom))
        x += width + 3 * GAP
    height = max([bottom for _, _, _, bottom in frames], default=60.0) + GAP
    total = max(x - 2 * GAP, 200)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {total:.0f} {height:.0f}" role="img" aria-label="Models and their relations">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{total:.0f}" height="{height:.0f}"/>',
    ]
    colours = {app: COLOURS[place % len(COLOURS)] for place, (app, *_) in enumerate(frames)}
    for app, left, width, bottom in frames:
        parts.append(
            f'<rect class="frame" x="{left:.0f}" y="{GAP}" width="{width:.0f}" height="{bottom - GAP:.0f}" rx="10"/>'
        )
        parts.append(
            f'<text class="app" x="{left + FRAME:.0f}" y="{GAP + 20}" style="fill: {colours[app]}">{escape(app)}</text>'
        )
    lines = _apart(diagram.relations, boxes)
    for one, ends in lines:
        parts += _line(one, ends)
    for box in boxes.values():
        parts += _box(box, colours[box.entity.app])
    for one, ends in lines:
        parts += _counts(one, ends)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _ordered(entities: list[Entity], relations: tuple[Relation, ...]) -> list[Entity]:
    """Return the entities of an app, those that others refer to first."""
    own = {entity.label for entity in entities}
    left = list(entities)
    done: list[Entity] = []
    while left:
        placed = {entity.label for entity in done}
        ready = [
            entity
            for entity in left
            if all(one.far in placed or one.far == one.near or one.far not in own
                   for one in relations if one.near == entity.label)
        ] or left[:1]  # fmt: skip
        done += ready
        left = [entity for entity in left if entity not in ready]
    return done


def _place(entities: list[Entity], left: float, boxes: dict[str, Box]) -> tuple[float, float]:
    """Place the entities of an app in columns; return where it ends, to the right and below."""
    top = GAP + 36.0
    y, bottom = top, top
    columns: list[list[Box]] = [[]]
    for entity in entities:
        box = Box(entity, left, y, width_of(entity))
        if y > top and y + box.height > TALLEST:
            y = box.y = top
            columns.append([])
        columns[-1].append(box)
        boxes[entity.label] = box
        y += box.height + GAP
        bottom = max(bottom, y - GAP + FRAME)
    for column in columns:  # of one width, so that lines between them run beside them
        width = max(box.width for box in column)
        for box in column:
            box.x, box.width = left, width
        left += width + 3 * GAP
    return left - 3 * GAP + LOOP + FRAME, bottom


def _box(box: Box, colour: str) -> Iterator[str]:
    x, y, width = box.x, box.y, box.width
    yield f'<g transform="translate({x:.0f},{y:.0f})">'
    yield f'<rect class="box" width="{width:.0f}" height="{box.height:.0f}" rx="7"/>'
    yield f'<path d="M0 {HEAD}V7a7 7 0 0 1 7-7h{width - 14:.0f}a7 7 0 0 1 7 7v{HEAD - 7}z" fill="{colour}"/>'
    yield f'<text class="title" x="{PAD}" y="20">{escape(box.entity.name)}</text>'
    for place, one in enumerate(box.entity.attributes):
        at = HEAD + LINE * place + 18
        if one.mark:
            yield f'<text class="mark" x="{PAD}" y="{at}" style="fill: {colour}">{one.mark}</text>'
        yield f'<text x="{PAD + 22}" y="{at}">{escape(one.name)}</text>'
        yield f'<text class="kind" x="{width - PAD:.0f}" y="{at}" text-anchor="end">{escape(one.kind)}</text>'
    yield "</g>"


class Ends(NamedTuple):
    """Where a line begins and ends, and to which side it leaves at either end (1 right, -1 left)."""

    x: float
    y: float
    side: int
    to_x: float
    to_y: float
    to_side: int


def _apart(relations: Iterable[Relation], boxes: dict[str, Box]) -> list[tuple[Relation, Ends]]:
    """Return the lines, those that end at the same side of an entity (and at no field) one below the other."""
    lines = [(one, _ends(one, boxes)) for one in relations]
    meeting: dict[tuple[str, int], list[tuple[float, int, str]]] = {}
    for place, (one, ends) in enumerate(lines):
        meeting.setdefault((one.far, ends.to_side), []).append((ends.y, place, "to_y"))
        if ends.y == boxes[one.near].row(""):
            meeting.setdefault((one.near, ends.side), []).append((ends.to_y, place, "y"))
    for (label, _), several in meeting.items():
        box = boxes[label]
        step = min(LINE, (box.height - HEAD / 2) / len(several))
        for level, (_, place, end) in enumerate(sorted(several)):
            one, ends = lines[place]
            at = box.y + HEAD / 2 + level * step
            lines[place] = one, ends._replace(y=at) if end == "y" else ends._replace(to_y=at)
    return lines


def _ends(one: Relation, boxes: dict[str, Box]) -> Ends:
    near, far = boxes[one.near], boxes[one.far]
    begin, end = near.row(one.name), far.y + HEAD / 2
    if near.x + near.width < far.x:
        return Ends(near.x + near.width, begin, 1, far.x, end, -1)
    if far.x + far.width < near.x:
        return Ends(near.x, begin, -1, far.x + far.width, end, 1)
    return Ends(near.x + near.width, begin, 1, far.x + far.width, end, 1)


def _line(one: Relation, ends: Ends) -> Iterator[str]:
    x, y, side, to_x, to_y, to_side = ends
    reach = max(36.0, min(abs(to_x - x) / 2, 140.0))
    path = (
        f"M{x:.0f} {y:.0f}C{x + side * reach:.0f} {y:.0f} {to_x + to_side * reach:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
    )
    title = f"{one.near}.{one.name}: {one.near_count} to {one.far_count} {one.far}"
    yield f'<path class="line {one.kind}" d="{path}"><title>{escape(title)}</title></path>'
    if one.near_count == MANY:
        foot = f"M{x + side * 10:.0f} {y:.0f}l{-side * 10} -5m{side * 10} 5l{-side * 10} 5"
        yield f'<path class="line" d="{foot}"/>'
    if one.far_count == MANY:
        foot = f"M{to_x + to_side * 10:.0f} {to_y:.0f}l{-to_side * 10} -5m{to_side * 10} 5l{-to_side * 10} 5"
        yield f'<path class="line" d="{foot}"/>'


def _counts(one: Relation, ends: Ends) -> Iterator[str]:
    x, y, side, to_x, to_y, to_side = ends
    for at, level, way, count in ((x, y, side, one.near_count), (to_x, to_y, to_side, one.far_count)):
        anchor = "start" if way > 0 else "end"
        yield f'<text class="count" x="{at + way * 5:.0f}" y="{level - 6:.0f}" text-anchor="{anchor}">{count}</text>'
