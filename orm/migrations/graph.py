"""Which migration depends on which: a graph to walk, to check for gaps and circles, and to take squashed ones into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import total_ordering
from typing import TYPE_CHECKING, Any

from orm.migrations.exceptions import CircularDependencyError, NodeNotFoundError
from orm.migrations.state import ProjectState

if TYPE_CHECKING:
    from orm.migrations.migration import AwaitableMigration

Key = tuple[str, str]


@total_ordering
class Node:
    """A migration in the graph: ``parents`` are what it depends on, ``children`` what depends on it."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.children: set[Node] = set()
        self.parents: set[Node] = set()

    def __eq__(self, other: object) -> bool:
        return self.key == (other.key if isinstance(other, Node) else other)

    def __lt__(self, other: Any) -> bool:
        return bool(self.key < (other.key if isinstance(other, Node) else other))

    def __hash__(self) -> int:
        return hash(self.key)

    def __getitem__(self, item: int) -> str:
        return self.key[item]

    def __str__(self) -> str:
        return str(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: ({self.key[0]!r}, {self.key[1]!r})>"

    def add_child(self, child: Node) -> None:
        """Note what depends on this."""
        self.children.add(child)

    def add_parent(self, parent: Node) -> None:
        """Note what this depends on."""
        self.parents.add(parent)


class DummyNode(Node):
    """Stands for a migration that is depended on and not there (yet)."""

    def __init__(self, key: Key, origin: object, error_message: str) -> None:
        super().__init__(key)
        self.origin = origin
        self.error_message = error_message

    def raise_error(self) -> None:
        """Complain."""
        raise NodeNotFoundError(self.error_message, self.key, origin=self.origin)


class MigrationGraph:
    """The migrations of all apps."""

    def __init__(self) -> None:
        self.node_map: dict[Key, Node] = {}
        self.nodes: dict[Key, Any] = {}

    def add_node(self, key: Key, migration: AwaitableMigration) -> None:
        """Take in a migration."""
        assert key not in self.node_map
        self.node_map[key] = Node(key)
        self.nodes[key] = migration

    def add_dummy_node(self, key: Key, origin: object, error_message: str) -> None:
        """Take in a migration that is only spoken of."""
        self.node_map[key] = DummyNode(key, origin, error_message)
        self.nodes[key] = None

    def add_dependency(
        self, migration: AwaitableMigration, child: Key, parent: Key, skip_validation: bool = False
    ) -> None:
        """Note that ``child`` depends on ``parent``; either may not be there yet, with ``skip_validation``."""
        for key, role in ((child, "child"), (parent, "parent")):
            if key not in self.nodes:
                message = f"Migration {migration} dependencies reference nonexistent {role} node {key!r}"
                self.add_dummy_node(key, migration, message)
        self.node_map[child].add_parent(self.node_map[parent])
        self.node_map[parent].add_child(self.node_map[child])
        if not skip_validation:
            self.validate_consistency()

    def remove_replaced_nodes(self, replacement: Key, replaced: list[Key]) -> None:
        """Put a squashed migration in the place of those it replaces."""
        squashed = self._node(
            replacement,
            f"Unable to find replacement node {replacement!r}. It was either never added to the migration graph, or "
            "has been removed.",
        )
        gone = set(replaced) - {replacement}
        for key in gone:
            self.nodes.pop(key, None)
            node = self.node_map.pop(key, None)
            if node is None:
                continue
            for child in node.children:
                child.parents.remove(node)
                if child.key not in gone:
                    squashed.add_child(child)
                    child.add_parent(squashed)
            for parent in node.parents:
                parent.children.remove(node)
                if parent.key not in gone:
                    squashed.add_parent(parent)
                    parent.add_child(squashed)

    def remove_replacement_node(self, replacement: Key, replaced: list[Key]) -> None:
        """Take a squashed migration out, in favour of those it replaces."""
        self.nodes.pop(replacement, None)
        squashed = self._node(
            replacement,
            f"Unable to remove replacement node {replacement!r}. It was either never added to the migration graph, or "
            "has been removed already.",
        )
        del self.node_map[replacement]
        nodes = {self.node_map[key] for key in replaced if key in self.node_map}
        inner = {parent for node in nodes for parent in node.parents}
        last = nodes - inner  # what depends on the squashed one depends on these
        for child in squashed.children:
            child.parents.remove(squashed)
            for node in last:
                node.add_child(child)
                child.add_parent(node)
        for parent in squashed.parents:
            parent.children.remove(squashed)

    def _node(self, key: Key, message: str) -> Node:
        if key not in self.node_map:
            raise NodeNotFoundError(message, key)
        return self.node_map[key]

    def validate_consistency(self) -> None:
        """Raise NodeNotFoundError for a migration that is depended on and not there."""
        for node in self.node_map.values():
            if isinstance(node, DummyNode):
                node.raise_error()

    def forwards_plan(self, target: Key) -> list[Key]:
        """The migrations up to and with ``target``, in order."""
        return self._plan(target, forwards=True)

    def backwards_plan(self, target: Key) -> list[Key]:
        """The migrations that have to be taken back for ``target`` to be, in order, it the last."""
        return self._plan(target, forwards=False)

    def _plan(self, target: Key, *, forwards: bool) -> list[Key]:
        if target not in self.nodes:
            raise NodeNotFoundError(f"Node {target!r} not a valid node", target)
        return self.iterative_dfs(self.node_map[target], forwards)

    def iterative_dfs(self, start: Node, forwards: bool = True) -> list[Key]:
        """Every node that ``start`` leads to, each after those that it leads to."""
        visited: list[Key] = []
        done: set[Node] = set()
        waiting: list[tuple[Node, bool]] = [(start, False)]
        while waiting:
            node, complete = waiting.pop()
            if node in done:
                continue
            if complete:
                done.add(node)
                visited.append(node.key)
                continue
            waiting.append((node, True))
            waiting += [(one, False) for one in sorted(node.parents if forwards else node.children)]
        return visited

    def root_nodes(self, app: str | None = None) -> list[Key]:
        """The first migrations: those that depend on none of their own app."""
        return sorted(
            key
            for key, node in self.node_map.items()
            if all(parent.key[0] != key[0] for parent in node.parents) and (not app or app == key[0])
        )

    def leaf_nodes(self, app: str | None = None) -> list[Key]:
        """The last migrations: those that none of their own app depends on."""
        return sorted(
            key
            for key, node in self.node_map.items()
            if all(child.key[0] != key[0] for child in node.children) and (not app or app == key[0])
        )

    def ensure_not_cyclic(self) -> None:
        """Raise CircularDependencyError for migrations that depend on each other in a circle."""
        todo = dict.fromkeys(sorted(self.nodes))
        while todo:
            stack = [todo.popitem()[0]]
            while stack:
                top = stack[-1]
                for child in sorted(one.key for one in self.node_map[top].children):
                    if child in stack:
                        circle = stack[stack.index(child) :]
                        named = ", ".join(f"{app}.{name}" for app, name in circle)
                        raise CircularDependencyError(
                            f"{named} depends on itself: take that dependency out of its file."
                            if len(circle) == 1
                            else f"{named} depend on each other in a circle: take one of these dependencies out of its "
                            "file."
                        )
                    if child in todo:
                        stack.append(child)
                        del todo[child]
                        break
                else:
                    stack.pop()

    def __str__(self) -> str:
        nodes, edges = self._counts()
        return f"Graph: {nodes} nodes, {edges} edges"

    def __repr__(self) -> str:
        nodes, edges = self._counts()
        return f"<{type(self).__name__}: nodes={nodes}, edges={edges}>"

    def _counts(self) -> tuple[int, int]:
        return len(self.nodes), sum(len(node.parents) for node in self.node_map.values())

    def ordered(self, nodes: list[Key], at_end: bool) -> Iterator[Key]:
        """Yield what leads to ``nodes``, each once, in order; ``at_end`` False leaves the nodes themselves out."""
        seen = set()
        for node in nodes:
            for key in self.forwards_plan(node):
                if key not in seen and (at_end or key not in nodes):
                    seen.add(key)
                    yield key

    def make_state(
        self, nodes: Key | Iterable[Key] | None = None, at_end: bool = True, real_apps: set[str] | None = None
    ) -> ProjectState:
        """The state after (``at_end`` False: before) a migration or several; after all when none are given."""
        given: list[Any] = self.leaf_nodes() if nodes is None else list(nodes)
        if not given:
            return ProjectState()
        wanted: list[Key] = given if isinstance(given[0], tuple) else [(given[0], given[1])]
        state = ProjectState(real_apps=real_apps)
        for key in self.ordered(wanted, at_end):
            state = self.nodes[key].mutate_state(state, preserve=False)
        return state

    def __contains__(self, node: object) -> bool:
        return node in self.nodes
