"""Who may know whom: imports point one way, and what only some rooms may hold is held nowhere else."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

from tests.architecture.sources import ROOT, imported_modules, sources

ORDER = [
    *("errors", "structures", "caching", "text", "security", "sql", "files", "db", "query", "models", "postgresql"),
    *("migrations", "serializers", "contrib", "commands", "testing", "cli"),
]
"""From the bottom up: a room may import itself and those before it."""

BESIDE = {"altering", "config", "bridge", "checks", "epoch", "late", "records"}
"""Settings and the bridge stand beside the order; they import no more than errors, words for them, and ``sql``, whose
types settings shape."""

MAY_USE_ANYTHING = {"cli", "compat", "testing", "orm", "__main__"}

# Places outside bridge/, db/ and the twins that may call the bridge, and what for.
MARKED_FOR_BRIDGE = {
    "orm/caching/base.py": "a cache of a program's own may block",
    "orm/config.py": "answers the guard's policy",
    "orm/contrib/auth/account.py": "who hears of a new password may block",
    "orm/contrib/auth/rights.py": "a project's own backends may block",
    "orm/contrib/contenttypes/related.py": "custom managers of either colour",
    "orm/contrib/django/sharing.py": "a block for blocking code, which Django's is",
    "orm/migrations/loader.py": "a loader that is made loaded may block; the collector waits",
    "orm/migrations/making.py": "the collector waits",
    "orm/migrations/migration.py": "pairs of overrides",
    "orm/migrations/operation.py": "pairs of overrides",
    "orm/migrations/operations/special.py": "functions of either colour",
    "orm/models/applications.py": "the collector waits while models are declared",
    "orm/models/constraints.py": "validate() in blocking code, and of a program's own",
    "orm/models/fields/field_file.py": "a storage is blocking code",
    "orm/models/fetching.py": "an unloaded value loads in either colour",
    "orm/models/validation.py": "clean() may block",
    "orm/models/managers.py": "pairs of overrides",
    "orm/models/metaclass.py": "pairs of overrides",
    "orm/models/dispatch.py": "receivers of either colour",
    "orm/models/unseen.py": "the function of SET() may block",
    "orm/models/relations/many.py": "custom managers of either colour",
    "orm/serializers/objects.py": "the lookup of a natural key may block",
    "orm/query/copying.py": "walks what a user gives, writes to a user's file",
    "orm/query/prefetch.py": "loads relations at the same time where a loop runs",
    "orm/query/rows_progress.py": "functions of either colour",
    "orm/models/deletion.py": "a rule of the user's may block",
    "orm/query/iterables.py": "an iterable of the user's may block",
    "orm/query/faces.py": "iterating and the like in blocking code",
    "orm/query/routed.py": "reads one stream inside another",
    "orm/query/paging.py": "counting in blocking code",
    "orm/query/queryset.py": "iterating in either colour, pairs of overrides, the collector",
    "orm/query/writing.py": "pairs of overrides",
    "orm/query/raw.py": "iterating in either colour",
}

MAY_IMPORT_ASYNCIO = re.compile(
    r"orm/bridge/\w+\.py|orm/contrib/dashboard\.py|orm/db/(pooling/\w+|database|limits)\.py|backends/orm_\w+/(awaitable|inline|memory|session)\.py"
)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "orm"


def test_imports_point_one_way() -> None:
    wrong = []
    for source in sources():
        if source.room in MAY_USE_ANYTHING:
            continue
        for line, module in imported_modules(source):
            if not module.startswith("orm."):
                continue
            other = room_of(module)
            if other in BESIDE or other == source.room:
                continue
            if source.room in BESIDE:
                allowed = other in {"errors", "sql", "text"}
            else:
                # An application's migrations are files of the executor's, wherever the application lies.
                migrates = ".migrations." in source.module and source.room == "contrib"
                room = "cli" if migrates or source.module == "orm.postgresql.operations" else source.room
                allowed = other in ORDER and ORDER.index(other) < ORDER.index(room)
            if not allowed:
                wrong.append(f"{source.path}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_only_marked_places_call_the_bridge() -> None:
    wrong = []
    for source in sources():
        if source.room in {"bridge", "db", *MAY_USE_ANYTHING} or source.path.endswith("_blocking.py"):
            continue
        for line, module in imported_modules(source):
            if module.split(".")[:2] == ["orm", "bridge"] and source.path not in MARKED_FOR_BRIDGE:
                wrong.append(f"{source.path}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_asyncio_only_where_waiting_is_done() -> None:
    wrong = []
    for source in [*sources(), *sources("backends/orm_sqlite"), *sources("backends/orm_postgresql")]:
        if source.room in {"cli", "testing", "compat"} and source.path.startswith("orm/"):
            continue
        for line, module in imported_modules(source):
            if module.split(".")[0] in {"asyncio", "anyio"} and not MAY_IMPORT_ASYNCIO.fullmatch(source.path):
                wrong.append(f"{source.path}:{line}")
    assert not wrong, "\n".join(wrong)


def test_the_library_never_imports_a_backend() -> None:
    wrong = [
        f"{source.path}:{line} imports {module}"
        for source in sources()
        for line, module in imported_modules(source)
        if re.match(r"orm_\w+|backends|sqlite3|aiosqlite|asyncpg|psycopg|pymysql|asyncmy|duckdb", module)
    ]
    assert not wrong, "\n".join(wrong)


def test_backends_know_only_the_contract() -> None:
    wrong = []
    for folder in sorted((ROOT / "backends").glob("orm_*")):
        for source in sources(f"backends/{folder.name}"):
            for line, module in imported_modules(source):
                if not module.startswith("orm."):
                    continue
                allowed = (
                    "orm.db.contract",
                    "orm.db.introspection",
                    "orm.db.url",
                    "orm.sql.dialect",
                    "orm.sql.explanation",
                    "orm.sql.objects",
                    "orm.sql.ranges",
                    "orm.sql.types",
                    "orm.text.dates",
                    "orm.errors",
                    "orm.bridge",
                )
                if not module.startswith(allowed) and module != "orm.sql":
                    wrong.append(f"{source.path}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


VENDORS = re.compile(r"sqlite|postgres|mysql|mariadb|oracle|duckdb|asyncpg|psycopg", re.IGNORECASE)


def names_and_strings(path: Path) -> list[tuple[int, str]]:
    """The identifiers and strings of a file, without comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    documentation = {
        (node.value.lineno, node.value.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    return [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in (tokenize.NAME, tokenize.STRING) and token.start not in documentation
    ]


NAMES_VENDORS = {
    "orm/bridge/generate.py": "sorts imports of the repository's own packages",
    "orm/contrib/django/databases.py": "a warning says where Django's driver is the library's",
    "orm/contrib/django/sharing.py": "an error says where Django's driver is the library's",
    "orm/contrib/django/translating.py": "what Django's models may be declared with is there",
    "orm/db/url.py": "an error shows what a URL looks like",
    "orm/db/registry.py": "an error shows what a URL looks like",
}


def test_the_library_names_no_vendor() -> None:
    """Outside compat (Django's names for them), the room of what one vendor alone has, hints and examples in errors."""
    wrong = [
        f"{source.path}:{line}: {text[:60]}"
        for source in sources()
        if source.room not in {"compat", "cli", "postgresql"} and source.path not in NAMES_VENDORS
        for line, text in names_and_strings(ROOT / source.path)
        if VENDORS.search(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_named_for_nothing_in_particular() -> None:
    vague = {"utils", "helpers", "common", "misc", "util", "helper"}
    assert not [source.path for source in sources() if vague & set(source.module.split("."))]


def test_no_mark_is_stale() -> None:
    """What was allowed to a place ends with its reason."""
    known = {source.path: source for source in sources()}
    for path in MARKED_FOR_BRIDGE:
        assert path in known, f"{path} is marked and does not exist"
        modules = [module for _, module in imported_modules(known[path])]
        assert any(module.startswith("orm.bridge") for module in modules), f"{path} is marked and needs no bridge"
    for path in NAMES_VENDORS:
        named = [text for _, text in names_and_strings(ROOT / path) if VENDORS.search(text)]
        assert named, f"{path} is marked and names no vendor"


def knows(room: str) -> dict[str, set[str]]:
    """The modules of a room, each with those it imports, for type checkers too."""
    modules = {source.module: source for source in sources() if source.module.startswith(room)}
    return {
        name: {
            node.module
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ImportFrom) and node.module in modules and node.module != name
        }
        for name, source in modules.items()
    }


def test_blocks_and_pools_know_nothing_of_databases() -> None:
    """The wings of ``orm/db`` import downwards: databases know pools and blocks, and these know each other one way."""
    known = knows("orm.db")
    reached: dict[str, set[str]] = {}
    for name in known:
        todo, seen = [name], set[str]()
        while todo:
            for other in known[todo.pop()] - seen:
                seen.add(other)
                todo.append(other)
        reached[name] = seen
    circle = {name for name, seen in reached.items() if name in seen}
    inside = ("orm.db.pooling.", "orm.db.transactions.", "orm.db.limits", "orm.db.url", "orm.db.contract")
    assert not {name for name in circle if name.startswith(inside)}
