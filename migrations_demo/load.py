"""Creates the catalogue's tables in blocking code, and loads what ``collect`` found in awaitable code, by bulk inserts.

A load that fails leaves nothing behind, since all of it is one ``atomic`` block. Only the catalogue's own tables are
dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orm
from migrations_demo.collect import FoundPackage
from migrations_demo.database import FILE
from migrations_demo.models import (
    MODELS,
    Classifier,
    Distribution,
    File,
    Function,
    Module,
    Person,
    Requirement,
    Version,
)
from migrations_demo.progress import Reporter
from orm import models
from orm.cli.drawing import svg
from orm.cli.progress import Teller
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.models.diagram import diagram

APP = "catalogue"
BEFORE_THE_SPLIT = "0004"
"""The migration after which authors are people, but the lines they were read from are still there."""

PICTURE = FILE.with_name("models.svg")
"""Where the picture of the models is drawn."""

SLICE = 5_000
"""Rows handed to ``abulk_create`` at a time: enough to be fast, few enough for the progress bar to move."""

M = TypeVar("M", bound=models.Model)


@dataclass
class Loaded:
    """What a load did: rows and seconds by table, in the order of loading."""

    tables: list[tuple[str, int, float]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(rows for _, rows, _ in self.tables)

    @property
    def seconds(self) -> float:
        """All seconds, with the making of the objects."""
        return sum(seconds for _, _, seconds in self.tables)


def recreate_tables() -> int:
    """Drop the catalogue's tables if they are there, and run its history, in blocking code; return how many come."""
    orm.configure(migration_modules={**orm.settings.migration_modules, APP: f"{__package__}.migrations"})
    orm.drop_tables(*MODELS)
    recorder = MigrationRecorder(databases[DEFAULT_DB_ALIAS])
    recorder.ensure_schema()
    recorder.migration_qs.filter(app=APP).delete()
    orm.migrate(APP)
    return len(MODELS) + sum(len(model._meta.many_to_many) for model in MODELS)


def back_and_forth() -> int:
    """Take the split of the authors back, with the rows there are, and make it again; return how many ran."""
    teller = Teller()
    try:
        return sum(len(orm.migrate(APP, target, progress=teller)) for target in (BEFORE_THE_SPLIT, None))
    finally:
        teller.close()


def draw() -> str:
    """Draw the models as ``orm graph`` does; return where the picture is, and how much it shows."""
    found = diagram((APP,))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(svg(found), encoding="utf-8")
    return f"{PICTURE}: {len(found.entities)} models, {len(found.relations)} relations"


async def load(packages: Sequence[FoundPackage], reporter: Reporter) -> Loaded:
    """Load ``packages`` and everything below them."""
    loader = Loader(reporter)
    async with orm.atomic():
        await loader.load_packages(packages)
        await loader.load_files(packages)
    return loader.loaded


class Loader:
    """One load: remembers which object stands for what was found."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.loaded = Loaded()
        self.people: dict[tuple[str, str], Person] = {}
        self.classifiers: dict[str, Classifier] = {}
        self.distributions: dict[str, Distribution] = {}
        self.versions: list[Version] = []

    async def insert(self, model: type[M], rows: Sequence[Any], build: Callable[[Any], M]) -> list[M]:
        """Build an object for each of ``rows`` and insert them all, a slice at a time."""
        name = str(model._meta.db_table).removeprefix("catalogue_")
        started = time.perf_counter()
        made: list[M] = []
        with self.reporter.step(f"  {name}", len(rows)) as advance:
            for start in range(0, len(rows), SLICE):
                objects = [build(row) for row in rows[start : start + SLICE]]
                made += await model._default_manager.abulk_create(objects)
                advance(len(objects))
        self.loaded.tables.append((name, len(rows), time.perf_counter() - started))
        return made

    async def load_packages(self, packages: Sequence[FoundPackage]) -> None:
        """People, classifiers, distributions, the joins between them, versions and requirements."""
        people = distinct(author for package in packages for author in package.authors)
        texts = distinct(text for package in packages for text in package.classifiers)
        newest = {package.slug: package for package in reversed(packages)}
        made = await self.insert(Person, people, lambda person: Person(name=person[0], email=person[1]))
        self.people = dict(zip(people, made, strict=True))
        topics = await self.insert(
            Classifier, texts, lambda text: Classifier(text=text, topic=text.partition(" :: ")[0][:100])
        )
        self.classifiers = dict(zip(texts, topics, strict=True))
        distributions = await self.insert(Distribution, sorted(newest.values(), key=by_slug), build_distribution)
        self.distributions = {distribution.slug: distribution for distribution in distributions}
        await self.load_joins(list(newest.values()))
        self.versions = await self.insert(Version, packages, self.build_version)
        await self.load_requirements(packages)

    async def load_joins(self, packages: Sequence[FoundPackage]) -> None:
        """The rows of the two many-to-many relations, through their join models."""
        written = Distribution.authors.through
        await self.insert(
            written,
            [(self.distributions[found.slug], self.people[author]) for found in packages for author in found.authors],
            lambda pair: written(distribution=pair[0], person=pair[1]),
        )
        filed = Distribution.classifiers.through
        await self.insert(
            filed,
            [
                (self.distributions[found.slug], self.classifiers[text])
                for found in packages
                for text in found.classifiers
            ],
            lambda pair: filed(distribution=pair[0], classifier=pair[1]),
        )

    async def load_requirements(self, packages: Sequence[FoundPackage]) -> None:
        """Who needs whom; a requirement on something that is not installed has no target."""
        pairs = [
            (version, found)
            for version, package in zip(self.versions, packages, strict=True)
            for found in package.requirements
        ]
        await self.insert(
            Requirement,
            pairs,
            lambda pair: Requirement(
                version=pair[0],
                target=self.distributions.get(pair[1].name),
                name=pair[1].name,
                specifier=pair[1].specifier,
                marker=pair[1].marker,
                extra=pair[1].extra,
            ),
        )

    async def load_files(self, packages: Sequence[FoundPackage]) -> None:
        """Files, the modules among them, and their functions."""
        listed = [
            (version, found)
            for version, package in zip(self.versions, packages, strict=True)
            for found in package.files
        ]
        files = await self.insert(
            File,
            listed,
            lambda pair: File(
                version=pair[0], path=pair[1].path, suffix=pair[1].suffix, size=pair[1].size, digest=pair[1].digest
            ),
        )
        sources = [
            (version, file, found.module)
            for file, (version, found) in zip(files, listed, strict=True)
            if found.module is not None
        ]
        modules = await self.insert(
            Module,
            sources,
            lambda row: Module(
                version=row[0],
                file=row[1],
                name=row[2].name,
                lines=row[2].lines,
                summary=row[2].summary,
                problem=row[2].problem,
            ),
        )
        pairs = [
            (module, function)
            for module, (_, _, found) in zip(modules, sources, strict=True)
            for function in found.functions
        ]
        await self.insert(Function, pairs, build_function)

    def build_version(self, package: FoundPackage) -> Version:
        """The version row of one package."""
        return Version(
            distribution=self.distributions[package.slug],
            number=package.version,
            requires_python=package.requires_python,
            location=package.location,
            installed_at=package.installed_at,
        )


def build_distribution(package: FoundPackage) -> Distribution:
    """The distribution row of one package."""
    return Distribution(
        name=package.name,
        slug=package.slug,
        summary=package.summary,
        license=package.license,
        home_page=package.home_page,
    )


def build_function(pair: tuple[Module, Any]) -> Function:
    """The row of one function of a module."""
    module, found = pair
    return Function(
        module=module,
        name=found.name,
        qualname=found.qualname,
        line=found.line,
        end_line=found.end_line,
        line_count=found.end_line - found.line + 1,
        arguments=found.arguments,
        is_async=found.is_async,
        is_method=found.is_method,
        decorators=found.decorators,
        summary=found.summary,
    )


def by_slug(package: FoundPackage) -> str:
    """Sort key."""
    return package.slug


K = TypeVar("K")


def distinct(values: Iterable[K]) -> list[K]:
    """Each value once, in the order of appearance."""
    return list(dict.fromkeys(values))
