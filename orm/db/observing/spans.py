"""OpenTelemetry spans around statements, for programs that set a tracer. Its API is imported then, and only then.

Names follow OpenTelemetry's conventions for database clients. Parameters are not recorded: they may be secrets.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.errors import ImproperlyConfigured

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from orm.db.database import AwaitableDatabase


class Spans:
    """Opens a span for each statement. Raises ``ImproperlyConfigured`` where the API is not installed."""

    def __init__(self, tracer: Any) -> None:
        if not hasattr(tracer, "start_as_current_span"):
            raise ImproperlyConfigured(
                f"tracer is an OpenTelemetry tracer, such as trace.get_tracer('shop'), not {tracer!r}."
            )
        try:
            self._kind = import_module("opentelemetry.trace").SpanKind.CLIENT
        except ImportError as error:
            raise ImproperlyConfigured(
                "tracer is set, and OpenTelemetry's API is not installed: pip install opentelemetry-api"
            ) from error
        self.tracer = tracer

    def around(self, database: AwaitableDatabase, sql: str, colour: str) -> AbstractContextManager[Any]:
        """Return a span to run one statement in; an exception inside is recorded in it."""
        url = database.url
        operation = first_word(sql)
        attributes: dict[str, Any] = {
            "db.system.name": database.backend.name,
            "db.operation.name": operation,
            "db.query.text": sql,
            "duotone.alias": database.alias,
            "duotone.colour": colour,
        }
        for name, value in (("db.namespace", url.database), ("server.address", url.host), ("server.port", url.port)):
            if value:
                attributes[name] = value
        span: AbstractContextManager[Any] = self.tracer.start_as_current_span(
            f"{operation} {url.database}" if url.database else operation, kind=self._kind, attributes=attributes
        )
        return span


def first_word(sql: str) -> str:
    """Return a statement's verb in capitals; comments before it are passed over."""
    text = sql.lstrip()
    while text.startswith("/*"):
        text = text.partition("*/")[2].lstrip()
    words = text.split(None, 1)
    return words[0].upper() if words else "SQL"
