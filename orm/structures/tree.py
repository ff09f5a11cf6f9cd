"""``Node``: a tree of conditions joined by a connector, each node possibly negated."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Self

from orm.structures.hashable import make_hashable


class Node:
    """One node: ``children`` (leaves are anything), joined by ``connector``, and whether the whole is ``negated``."""

    default = "DEFAULT"
    """The connector of a node that names none."""

    def __init__(self, children: Iterable[object] | None = None, connector: str | None = None, negated: bool = False):
        self.children: list[Any] = list(children) if children else []
        self.connector = connector or self.default
        self.negated = negated

    @classmethod
    def create(
        cls, children: Iterable[object] | None = None, connector: str | None = None, negated: bool = False
    ) -> Self:
        """Return a node of this class without its ``__init__``, which may take other arguments in a subclass."""
        made = Node(children, connector or cls.default, negated)
        node = cls.__new__(cls)
        node.__dict__.update(made.__dict__)
        return node

    def add(self, data: object, conn_type: str) -> Any:
        """Join ``data`` to this node by ``conn_type``; return what was added, or the node itself where it merged.

        A node joined otherwise becomes the first child of itself; a node that says the same is dissolved into this one.
        """
        if self.connector != conn_type:
            inner = self.copy()
            self.connector = conn_type
            self.children = [inner, data]
            return data
        if isinstance(data, Node) and not data.negated and (data.connector == conn_type or len(data) == 1):
            self.children.extend(data.children)
            return self
        self.children.append(data)
        return data

    def negate(self) -> None:
        """Turn the node's meaning round."""
        self.negated = not self.negated

    def copy(self) -> Self:
        """Return a copy that shares the children's list no more."""
        made = self.create(connector=self.connector, negated=self.negated)
        made.children = self.children
        return made

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        made = self.create(connector=self.connector, negated=self.negated)
        made.children = copy.deepcopy(self.children, memo)
        return made

    def __str__(self) -> str:
        inner = f"({self.connector}: {', '.join(str(child) for child in self.children)})"
        return f"(NOT {inner})" if self.negated else inner

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __len__(self) -> int:
        return len(self.children)

    def __bool__(self) -> bool:
        return bool(self.children)

    def __contains__(self, other: object) -> bool:
        return other in self.children

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Node)
        return (self.connector, self.negated, self.children) == (other.connector, other.negated, other.children)

    def __hash__(self) -> int:
        return hash((type(self), self.connector, self.negated, *make_hashable(self.children)))
