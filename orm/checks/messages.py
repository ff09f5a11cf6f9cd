"""What a check has to say: a sentence, how serious it is, what it is about, and how to put it right."""

from __future__ import annotations

from orm.config import settings

DEBUG = 10
INFO = 20
WARNING = 30
ERROR = 40
CRITICAL = 50


class CheckMessage:
    """One finding.

    Parameters:
        level: from ``DEBUG`` to ``CRITICAL``.
        msg: a sentence.
        hint: how to put it right.
        obj: what it is about: a model, a field, a manager, or None.
        id: the check's identifier, by which it can be silenced.
    """

    def __init__(
        self, level: int, msg: str, hint: str | None = None, obj: object = None, id: str | None = None
    ) -> None:
        if not isinstance(level, int):
            raise TypeError("The first argument should be level.")
        self.level = level
        self.msg = msg
        self.hint = hint
        self.obj = obj
        self.id = id

    def _identity(self) -> tuple[object, ...]:
        return self.level, self.msg, self.hint, self.obj, self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CheckMessage) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.level, self.msg, self.id))

    def __str__(self) -> str:
        meta = getattr(self.obj, "_meta", None)
        where = "?" if self.obj is None else str(meta.label) if meta is not None else str(self.obj)
        shown = f"({self.id}) " if self.id else ""
        hint = f"\n\tHINT: {self.hint}" if self.hint else ""
        return f"{where}: {shown}{self.msg}{hint}"

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}: level={self.level!r}, msg={self.msg!r}, hint={self.hint!r}, obj={self.obj!r}, "
            f"id={self.id!r}>"
        )

    def is_serious(self, level: int = ERROR) -> bool:
        """Whether it is at least as serious as ``level``."""
        return self.level >= level

    def is_silenced(self) -> bool:
        """Whether the settings do not want to hear of this check."""
        return self.id in settings.silenced_checks


class Debug(CheckMessage):
    """For whoever looks for an error."""

    def __init__(self, msg: str, hint: str | None = None, obj: object = None, id: str | None = None) -> None:
        super().__init__(DEBUG, msg, hint, obj, id)


class Info(CheckMessage):
    """Worth knowing."""

    def __init__(self, msg: str, hint: str | None = None, obj: object = None, id: str | None = None) -> None:
        super().__init__(INFO, msg, hint, obj, id)


class Warning(CheckMessage):
    """Works, and is probably not what was meant."""

    def __init__(self, msg: str, hint: str | None = None, obj: object = None, id: str | None = None) -> None:
        super().__init__(WARNING, msg, hint, obj, id)


class Error(CheckMessage):
    """Does not work."""

    def __init__(self, msg: str, hint: str | None = None, obj: object = None, id: str | None = None) -> None:
        super().__init__(ERROR, msg, hint, obj, id)


class Critical(CheckMessage):
    """Does damage."""

    def __init__(self, msg: str, hint: str | None = None, obj: object = None, id: str | None = None) -> None:
        super().__init__(CRITICAL, msg, hint, obj, id)
