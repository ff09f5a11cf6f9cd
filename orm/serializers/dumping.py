"""``dumpdata``: the rows of models as a fixture, written while they are read."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.routing import routes
from orm.migrations import sources
from orm.serializers import registry
from orm.serializers.dependencies import sort_dependencies
from orm.serializers.files import WRITERS, FixtureError, check_format
from orm.serializers.selection import excluded, model_called, models_of

CHUNK = 2000


class ProxyModelWarning(Warning):
    """A proxy model was asked for, and its rows belong to the model it stands for."""


@dataclass
class Dump:
    """What is dumped, and how.

    Parameters: ``labels`` are apps or ``app.Model``, none for all; ``exclude`` leaves some out; ``indent`` are blanks;
    ``natural_foreign`` and ``natural_primary`` write natural keys in place of keys; ``every`` reads by the base
    manager, which leaves no row out; ``keys`` are the only rows wanted, of the one model that is named.
    """

    labels: Sequence[str] = ()
    format: str = "json"
    indent: int | None = None
    using: str = DEFAULT_DB_ALIAS
    exclude: Sequence[str] = ()
    natural_foreign: bool = False
    natural_primary: bool = False
    every: bool = False
    keys: Collection[Any] = ()
    _models: list[Any] = field(default_factory=list, init=False)

    def write(self, stream: Any, progress: Any = None) -> None:
        """Write the fixture to a stream; ``progress`` is a terminal that shows how far it is.

        Raises ``FixtureError`` for labels or a format that there are not.
        """
        check_format(self.format)
        self._models = list(self._selected())
        registry.serialize(
            self.format,
            self._objects(),
            indent=self.indent,
            use_natural_foreign_keys=self.natural_foreign,
            use_natural_primary_keys=self.natural_primary,
            stream=stream,
            progress_output=progress,
            object_count=sum(rows.order_by().count() for rows in self._rows()) if progress else 0,
        )

    def write_file(self, path: str, progress: object = None) -> None:
        """Write the fixture to a file, compressed as its name says (gz, bz2, xz, lzma).

        The file is there only when all went well. Raises what ``write`` does, and OSError.
        """
        self._check()
        base, extension = os.path.splitext(path)
        if extension not in WRITERS and (extension == ".zip" or os.path.splitext(base)[1]):
            message = f"Unsupported file extension ({extension}). Fixtures saved in '{base}'."
            warnings.warn(message, RuntimeWarning, stacklevel=3)
            path, extension = base, ""
        try:
            with WRITERS.get(extension, WRITERS[""])(path) as stream:
                self.write(stream, progress)
        except BaseException:
            if os.path.exists(path):
                os.unlink(path)
            raise

    def _check(self) -> None:
        """Refuse what can't be written before a file is made."""
        check_format(self.format)
        list(self._selected())

    def _selected(self) -> Iterator[Any]:
        """Yield the models whose rows are written, in order."""
        sources.import_models()
        left_out, apps_left_out = excluded(self.exclude)
        if self.keys and (len(self.labels) != 1 or "." not in self.labels[0]):
            raise FixtureError("You can only use --pks option with one model")
        chosen = [
            (label, [model for model in models if model not in left_out])
            for label, models in self._by_app()
            if label not in apps_left_out
        ]
        models = sort_dependencies(chosen, allow_cycles=True)
        for model in models:
            if model._meta.proxy and model._meta.concrete_model not in models:
                message = f"{model._meta.label} is a proxy model and won't be serialized."
                warnings.warn(message, ProxyModelWarning, stacklevel=4)
            if not model._meta.proxy and routes.allow_migrate_model(self.using, model):
                yield model

    def _by_app(self) -> Iterable[tuple[str, list[Any]]]:
        if not self.labels:
            return [(label, models_of(label)) for label in sources.labels()]
        found: dict[str, list[Any]] = {}
        for label in self.labels:
            models = [model_called(label)] if "." in label else models_of(label)
            known = found.setdefault(label.partition(".")[0], [])
            known += [model for model in models if model not in known]
        # An app that is named whole has its models in their order, whatever of it was named before.
        return [(label, models_of(label) if label in self.labels else models) for label, models in found.items()]

    def _rows(self) -> Iterator[Any]:
        for model in self._models:
            manager = model._base_manager if self.every else model._default_manager
            rows = manager.using(self.using).order_by(model._meta.pk.name)
            yield rows.filter(pk__in=list(self.keys)) if self.keys else rows

    def _objects(self) -> Iterator[object]:
        for rows in self._rows():
            yield from rows.iterator(chunk_size=CHUNK)
