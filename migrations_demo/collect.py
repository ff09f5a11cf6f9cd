"""Reads what is installed: metadata with ``importlib.metadata``, source with ``ast``.

Knows nothing of databases. Metadata in the wild is odd and source files may not parse: whatever can't be read becomes
a sentence in the result (``FoundModule.problem``) or an empty value, never an exception. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import base64
import binascii
import os
import re
import signal
import site
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses
from importlib.metadata import Distribution, PackagePath, distributions
from multiprocessing import get_context
from pathlib import Path
from typing import cast

LARGEST_SOURCE = 4_000_000
"""Bytes: a source file above this is data in Python's clothes, and is listed without being parsed."""

BATCH = 1_500_000
"""Bytes of source handed to a worker process at a time."""

REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*])?\s*([^;]*)(?:;\s*(.*))?$", re.DOTALL)
EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(slots=True)
class FoundFunction:
    """A function or method as ``ast`` shows it."""

    name: str
    qualname: str
    line: int
    end_line: int
    arguments: int
    is_async: bool
    is_method: bool
    decorators: list[str]
    summary: str


@dataclass(slots=True)
class FoundModule:
    """A source file that was opened; ``problem`` is empty when it could be parsed."""

    name: str
    lines: int = 0
    summary: str = ""
    problem: str = ""
    functions: list[FoundFunction] = field(default_factory=list)


@dataclass(slots=True)
class FoundFile:
    """A file that a package lists; ``source`` is where it lies when it is Python source worth reading."""

    path: str
    suffix: str
    size: int | None
    digest: bytes | None
    source: str | None = None
    module: FoundModule | None = None


@dataclass(slots=True)
class FoundRequirement:
    """One ``Requires-Dist`` line, taken apart."""

    name: str
    specifier: str
    marker: str
    extra: str


@dataclass(slots=True)
class FoundPackage:
    """One installed distribution in one place."""

    name: str
    slug: str
    version: str
    summary: str
    license: str
    home_page: str
    requires_python: str
    location: str
    installed_at: datetime | None
    authors: list[tuple[str, str]]
    classifiers: list[str]
    requirements: list[FoundRequirement]
    files: list[FoundFile]

    @property
    def source_size(self) -> int:
        """Bytes of Python source."""
        return sum(file.size or 0 for file in self.files if file.source)


def default_directories() -> list[str]:
    """This environment's packages, then the system's, each directory once."""
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]
    paths += site.getsitepackages([sys.base_prefix, "/usr", "/usr/local"])
    paths.append("/usr/lib/python3/dist-packages")
    return list(dict.fromkeys(os.path.realpath(path) for path in paths if os.path.isdir(path)))


def normalise(name: str) -> str:
    """The name by which an index knows a package (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).strip("-").lower()


def clean(text: object, limit: int) -> str:
    """Text that any database takes: no NUL, no lone surrogates, white space collapsed, at most ``limit`` characters."""
    if text is None:
        return ""
    plain = str(text).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return " ".join(plain.split())[:limit]


def read_packages(directories: Iterable[str]) -> list[FoundPackage]:
    """Every package in ``directories`` with its files, its source not yet read; sorted by name."""
    found: dict[tuple[str, str, str], FoundPackage] = {}
    for directory in directories:
        for distribution in distributions(path=[directory]):
            package = read_package(distribution, directory)
            if package is not None:
                found.setdefault((package.slug, package.version, package.location), package)
    return sorted(found.values(), key=lambda package: (package.slug, package.version))


def read_package(distribution: Distribution, directory: str) -> FoundPackage | None:
    """One package's metadata and file list, or None where it has not even a name."""
    metadata = cast(Message, distribution.metadata)  # what it is, behind the narrower type that it is given
    name = clean(metadata.get("Name"), 200) if metadata is not None else ""
    if not name or not normalise(name):
        return None
    return FoundPackage(
        name=name,
        slug=normalise(name),
        version=clean(metadata.get("Version"), 100) or "unknown",
        summary=clean(metadata.get("Summary"), 1000),
        license=clean(metadata.get("License-Expression") or metadata.get("License"), 200),
        home_page=find_home_page(metadata.get("Home-page"), metadata.get_all("Project-URL") or []),
        requires_python=clean(metadata.get("Requires-Python"), 100),
        location=clean(directory, 1000),
        installed_at=read_installation_time(distribution),
        authors=list(
            read_people(
                (metadata.get("Author"), metadata.get("Author-email")),
                (metadata.get("Maintainer"), metadata.get("Maintainer-email")),
            )
        ),
        classifiers=list(dict.fromkeys(clean(text, 300) for text in metadata.get_all("Classifier") or [] if text)),
        requirements=list(read_requirements(distribution.requires or [])),
        files=list(read_files(distribution.files or [])),
    )


def find_home_page(home_page: str | None, project_urls: Sequence[str]) -> str:
    """The page that a reader wants: ``Home-page``, else the first project URL; only http(s) addresses."""
    candidates = [home_page or "", *(line.partition(",")[2] for line in project_urls)]
    for candidate in candidates:
        if candidate.strip().startswith(("http://", "https://")):
            return clean(candidate, 500)
    return ""


def read_installation_time(distribution: Distribution) -> datetime | None:
    """When the metadata directory was written, in UTC."""
    metadata_path = getattr(distribution, "_path", None)
    if not isinstance(metadata_path, Path):
        return None
    try:
        return datetime.fromtimestamp(int(metadata_path.stat().st_mtime), UTC)
    except OSError:
        return None


def read_people(*pairs: tuple[str | None, str | None]) -> Iterator[tuple[str, str]]:
    """(name, email) of everybody named, each once; ``Author`` may hold several names, ``Author-email`` both."""
    seen: set[tuple[str, str]] = set()
    for names, emails in pairs:
        people = [(clean(name, 200), clean(email, 254)) for name, email in getaddresses([emails or ""])]
        plain = [clean(name, 200) for name in re.split(r",|;|\band\b", names or "")]
        if len(people) == 1 and len(plain) == 1 and not people[0][0]:
            people, plain = [(plain[0], people[0][1])], []
        named = {name for name, _ in people}
        people += [(name, "") for name in plain if name not in named]
        for person in people:
            if any(person) and person[0].upper() != "UNKNOWN" and person not in seen:
                seen.add(person)
                yield person


def read_requirements(lines: Iterable[str]) -> Iterator[FoundRequirement]:
    """Requirements taken apart; a line that names nothing is left out."""
    for line in lines:
        match = REQUIREMENT.match(line)
        if match is None:
            continue
        name, specifier, marker = match.groups()
        extra = EXTRA.search(marker or "")
        yield FoundRequirement(
            name=normalise(name)[:200],
            specifier=clean(specifier, 300).strip("() "),
            marker=clean(marker, 500),
            extra=clean(extra.group(1), 100) if extra else "",
        )


def read_files(paths: Iterable[PackagePath]) -> Iterator[FoundFile]:
    """A package's files, each path once; byte code is left out, since no package ships it."""
    seen: set[str] = set()
    for path in paths:
        text = clean(path, 1000)
        if text in seen or path.suffix in (".pyc", ".pyo"):
            continue
        seen.add(text)
        located = str(path.locate())
        size = path.size
        if size is None:
            try:
                size = os.stat(located).st_size
            except (OSError, ValueError):
                size = None
        is_source = path.suffix == ".py" and ".." not in path.parts and size is not None
        yield FoundFile(text, clean(path.suffix, 50), size, read_digest(path), located if is_source else None)


def read_digest(path: PackagePath) -> bytes | None:
    """The SHA-256 that RECORD states (URL-safe base64 without padding), or None."""
    if path.hash is None or path.hash.mode != "sha256":
        return None
    try:
        return base64.urlsafe_b64decode(path.hash.value + "=" * (-len(path.hash.value) % 4))
    except (binascii.Error, ValueError):
        return None


def choose_sources(packages: Iterable[FoundPackage], budget: int | None) -> tuple[list[FoundFile], list[FoundPackage]]:
    """Which files to parse within ``budget`` bytes, and the packages left out.

    The smallest packages come first, so that a budget leaves out a few giants, not half the alphabet.
    """
    chosen: list[FoundFile] = []
    left_out: list[FoundPackage] = []
    spent = 0
    for package in sorted(packages, key=lambda package: package.source_size):
        spent += package.source_size
        if budget is not None and spent > budget and chosen:
            left_out.append(package)
        else:
            chosen += [file for file in package.files if file.source]
    return chosen, left_out


def read_modules(files: Sequence[FoundFile], advance: Callable[[int], None], workers: int | None = None) -> None:
    """Parse ``files`` and set their ``module``, calling ``advance`` with how many more are done.

    Parsing is all processor, so it runs in ``workers`` processes (as many as there are processors, at most eight; 1
    parses right here).
    """
    count = workers if workers is not None else min(os.cpu_count() or 1, 8)
    batches = list(batch_sources(files))
    if count <= 1 or len(batches) <= 1:
        for batch in batches:
            settle(batch, parse_sources([(file.path, file.source or "") for file in batch]), advance)
        return
    pool = own_processes(count)
    try:
        waiting = {
            pool.submit(parse_sources, [(file.path, file.source or "") for file in batch]): batch for batch in batches
        }
        for done in as_completed(waiting):
            settle(waiting[done], done.result(), advance)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, what has not begun need not begin


def own_processes(count: int) -> ProcessPoolExecutor:
    """Fresh processes that leave Ctrl-C to this one."""
    return ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


def settle(batch: Sequence[FoundFile], modules: Sequence[FoundModule], advance: Callable[[int], None]) -> None:
    """Give each file the module that was read from it."""
    for file, module in zip(batch, modules, strict=True):
        file.module = module
    advance(len(batch))


def batch_sources(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    """Lists of files with about ``BATCH`` bytes of source each."""
    batch: list[FoundFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size or 0
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def parse_sources(sources: Sequence[tuple[str, str]]) -> list[FoundModule]:
    """Parse (path in the package, path on disk) pairs, in order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's invalid escapes are not this program's concern
        return [parse_source(path, located) for path, located in sources]


def parse_source(path: str, located: str) -> FoundModule:
    """Parse one file; whatever is wrong with it ends in ``problem``."""
    module = FoundModule(name=dotted_name(path))
    try:
        with open(located, "rb") as stream:
            source = stream.read(LARGEST_SOURCE + 1)
    except (OSError, ValueError) as error:
        module.problem = clean(error, 300)
        return module
    module.lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    if len(source) > LARGEST_SOURCE:
        module.problem = f"larger than {LARGEST_SOURCE:,} bytes"
        return module
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        module.problem = clean(f"{type(error).__name__}: {error}", 300)
        return module
    module.summary = first_line(tree)
    module.functions = sorted(find_functions(tree), key=lambda function: (function.line, function.qualname))
    return module


def dotted_name(path: str) -> str:
    """``a/b/__init__.py`` is ``a.b``."""
    parts = path.removesuffix(".py").split("/")
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)[:500]


def first_line(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The first line of a docstring, or nothing."""
    lines = (ast.get_docstring(node, clean=False) or "").strip().splitlines()
    return clean(lines[0], 500) if lines else ""


def find_functions(tree: ast.Module) -> Iterator[FoundFunction]:
    """Every ``def`` and ``async def``, wherever it stands; walks statements only, without recursion."""
    stack: list[tuple[ast.AST, str, bool]] = [(tree, "", False)]
    while stack:
        parent, prefix, in_class = stack.pop()
        for block in BLOCKS:
            for node in getattr(parent, block, None) or ():
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield describe(node, prefix, in_class)
                    stack.append((node, f"{prefix}{node.name}.<locals>.", False))
                elif isinstance(node, ast.ClassDef):
                    stack.append((node, f"{prefix}{node.name}.", True))
                else:
                    stack.append((node, prefix, in_class))


def describe(node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str, in_class: bool) -> FoundFunction:
    """What the catalogue keeps of one function."""
    given = node.args
    count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
    return FoundFunction(
        name=clean(node.name, 200),
        qualname=clean(prefix + node.name, 500),
        line=node.lineno,
        end_line=node.end_lineno or node.lineno,
        arguments=count + (given.vararg is not None) + (given.kwarg is not None),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        is_method=in_class,
        decorators=[clean(ast.unparse(decorator), 200) for decorator in node.decorator_list],
        summary=first_line(node),
    )
