"""``SessionStore`` in the table of sessions: SESSION_ENGINE's usual value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orm.compat.django import timezone
from orm.compat.django.router import router
from orm.compat.django.sessions.errors import CreateError, UpdateError
from orm.compat.django.sessions.stored import StoredSession
from orm.contrib.sessions.models import Session
from orm.db.transactions.public import atomic
from orm.errors import DatabaseError, IntegrityError

__all__ = ["SessionStore"]


class SessionStore(StoredSession):
    """A session in a row of ``get_model_class()``."""

    @classmethod
    def get_model_class(cls) -> Any:
        """Return the model of sessions."""
        return Session

    @property
    def model(self) -> Any:
        """The model of sessions."""
        return self.get_model_class()

    def _live(self) -> Any:
        return self.model.objects.filter(session_key=self.session_key, expire_date__gt=timezone.now())

    def _values_of(self, row: Any) -> dict[str, Any]:
        """Return the values of a row; without one the key is none any more."""
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def load(self) -> dict[str, Any]:
        """Read the row of a session that has not ended; without one the key is none any more."""
        return self._values_of(self._live().first())

    async def aload(self) -> dict[str, Any]:
        """Read the row of a session that has not ended; without one the key is none any more."""
        return self._values_of(await self._live().afirst())

    def exists(self, session_key: str) -> bool:
        """Return whether there is a row of that key."""
        return bool(self.model.objects.filter(session_key=session_key).exists())

    async def aexists(self, session_key: str) -> bool:
        """Return whether there is a row of that key."""
        return bool(await self.model.objects.filter(session_key=session_key).aexists())

    def create_model_instance(self, data: Mapping[str, Any]) -> Any:
        """Return a row for these values, not saved: for subclasses whose model has further columns."""
        return self.model(
            session_key=self._get_or_create_session_key(),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
        )

    async def acreate_model_instance(self, data: Mapping[str, Any]) -> Any:
        """Return a row for these values, not saved, as ``create_model_instance`` does."""
        await self._aget_or_create_session_key()
        await self._aget_session()
        return self.create_model_instance(data)

    def save(self, must_create: bool = False) -> None:
        """Store the values. Raises ``CreateError`` for ``must_create`` where the key is taken, ``UpdateError`` where
        the session is gone."""
        if self.session_key is None:
            return self.create()
        row = self.create_model_instance(self._get_session(no_load=must_create))
        using = router.db_for_write(self.model, instance=row)
        try:
            with atomic(using):
                row.save(force_insert=must_create, force_update=not must_create, using=using)
        except DatabaseError as error:
            raise self._named(error, must_create) from error

    async def asave(self, must_create: bool = False) -> None:
        """Store the values, as ``save`` does."""
        if self.session_key is None:
            return await self.acreate()
        row = await self.acreate_model_instance(await self._aget_session(no_load=must_create))
        using = router.db_for_write(self.model, instance=row)
        try:
            async with atomic(using):
                await row.asave(force_insert=must_create, force_update=not must_create, using=using)
        except DatabaseError as error:
            raise self._named(error, must_create) from error

    def _named(self, error: DatabaseError, must_create: bool) -> Exception:
        """Return what an error of the database says of the session; the error itself where that is nothing."""
        if must_create:
            return CreateError() if isinstance(error, IntegrityError) else error
        return error if isinstance(error, IntegrityError) else UpdateError()

    def _rows_of(self, session_key: str | None) -> Any:
        key = self.session_key if session_key is None else session_key
        return None if key is None else self.model.objects.filter(session_key=key)

    def delete(self, session_key: str | None = None) -> None:
        """Delete the row of a key, the session's own unless given."""
        rows = self._rows_of(session_key)
        if rows is not None:
            rows.delete()

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete the row of a key, the session's own unless given."""
        rows = self._rows_of(session_key)
        if rows is not None:
            await rows.adelete()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the rows of sessions that have ended."""
        cls.get_model_class().objects.filter(expire_date__lt=timezone.now()).delete()

    @classmethod
    async def aclear_expired(cls) -> None:
        """Delete the rows of sessions that have ended."""
        await cls.get_model_class().objects.filter(expire_date__lt=timezone.now()).adelete()
