"""The manager of log entries. The twin is generated; import it from ``managers_blocking``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.contrib.contenttypes.models import ContentType
from orm.models.managers import BaseManager
from orm.structures.deprecation import RemovedInDjango60Warning, warn

if TYPE_CHECKING:
    from orm.contrib.admin_log.models import LogEntry

LONGEST = 200
"""Characters of an object's text that are kept."""


class AwaitableLogEntries(BaseManager["LogEntry"]):
    """The manager ``LogEntry.objects``."""

    use_in_migrations = True

    async def alog_actions(
        self,
        user_id: Any,
        queryset: Iterable[Any],
        action_flag: int,
        change_message: Any = "",
        *,
        single_object: bool = False,
    ) -> LogEntry | list[LogEntry]:
        """Note what a user did with objects; return the entries, or the one where ``single_object`` says so.

        Parameters: ``change_message`` is a text, or a list of what changed, which is kept as JSON.
        """
        if isinstance(change_message, list):
            change_message = json.dumps(change_message)
        entries = [
            self.model(
                user_id=user_id,
                content_type_id=(await ContentType.objects.aget_for_model(each, for_concrete_model=False)).pk,
                object_id=each.pk,
                object_repr=str(each)[:LONGEST],
                action_flag=action_flag,
                change_message=change_message,
            )
            for each in queryset
        ]
        if single_object and entries:
            await entries[0].asave()
            return entries[0]
        made: list[LogEntry] = await self.abulk_create(entries)
        return made

    async def alog_action(
        self,
        user_id: Any,
        content_type_id: Any,
        object_id: Any,
        object_repr: str,
        action_flag: int,
        change_message: Any = "",
    ) -> LogEntry:
        """Note what a user did with one object: Django's older form, with its warning."""
        warn("LogEntryManager.log_action() is deprecated. Use log_actions() instead.", RemovedInDjango60Warning)
        if isinstance(change_message, list):
            change_message = json.dumps(change_message)
        made: LogEntry = await self.acreate(
            user_id=user_id,
            content_type_id=content_type_id,
            object_id=str(object_id),
            object_repr=object_repr[:LONGEST],
            action_flag=action_flag,
            change_message=change_message,
        )
        return made
