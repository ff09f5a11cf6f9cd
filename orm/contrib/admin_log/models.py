"""``LogEntry``: who added, changed or deleted what in Django's admin, and when.

Its texts are those of Django 5.2, in English.
"""

from __future__ import annotations

import json
from typing import Any

from orm import models
from orm.contrib.admin_log.managers_blocking import LogEntries
from orm.contrib.auth.current import user_model_label
from orm.contrib.contenttypes.models import ContentType
from orm.models.managers import Manager
from orm.sql.zones import now
from orm.text.words import get_text_list

ADDITION = 1
CHANGE = 2
DELETION = 3
ACTION_FLAG_CHOICES = [(ADDITION, "Addition"), (CHANGE, "Change"), (DELETION, "Deletion")]


class LogEntryManager(LogEntries, Manager["LogEntry"]):
    """The manager ``LogEntry.objects``."""


class LogEntry(models.Model):
    """One change."""

    id = models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)
    action_time = models.DateTimeField("action time", default=now, editable=False)
    user = models.ForeignKey(user_model_label(), models.CASCADE, verbose_name="user")
    content_type = models.ForeignKey(ContentType, models.SET_NULL, verbose_name="content type", blank=True, null=True)
    object_id = models.TextField("object id", blank=True, null=True)
    object_repr = models.CharField("object repr", max_length=200)
    action_flag = models.PositiveSmallIntegerField("action flag", choices=ACTION_FLAG_CHOICES)
    change_message = models.TextField("change message", blank=True)

    objects = LogEntryManager()

    class Meta:
        app_label = "admin"
        db_table = "django_admin_log"
        verbose_name = "log entry"
        verbose_name_plural = "log entries"
        ordering = ["-action_time"]

    def __repr__(self) -> str:
        return str(self.action_time)

    def __str__(self) -> str:
        if self.is_addition():
            return f"Added “{self.object_repr}”."
        if self.is_change():
            return f"Changed “{self.object_repr}” — {self.get_change_message()}"
        if self.is_deletion():
            return f"Deleted “{self.object_repr}.”"
        return "LogEntry Object"

    def is_addition(self) -> bool:
        """Return whether something was added."""
        return self.action_flag == ADDITION

    def is_change(self) -> bool:
        """Return whether something was changed."""
        return self.action_flag == CHANGE

    def is_deletion(self) -> bool:
        """Return whether something was deleted."""
        return self.action_flag == DELETION

    def get_change_message(self) -> str:
        """Return in words what changed; a message that is no list in JSON as it is."""
        if not self.change_message.startswith("["):
            return self.change_message
        try:
            parts = json.loads(self.change_message)
        except json.JSONDecodeError:
            return self.change_message
        return " ".join(said for part in parts for said in _in_words(part)) or "No fields changed."

    def get_edited_object(self) -> Any:
        """Return the object. Raises ``DoesNotExist`` where it is gone. Blocking code only."""
        return self.content_type.get_object_for_this_type(pk=self.object_id)  # type: ignore[union-attr]


def _in_words(part: dict[str, Any]) -> list[str]:
    """Return what one part of a message says: of the object itself, or of one that goes with it."""
    said = []
    if "added" in part:
        added = part["added"]
        said.append(f"Added {added['name']} “{added['object']}”." if added else "Added.")
    elif "changed" in part:
        changed = part["changed"]
        fields = get_text_list(changed["fields"], "and")
        of = f" for {changed['name']} “{changed['object']}”" if "name" in changed else ""
        said.append(f"Changed {fields}{of}.")
    elif "deleted" in part:
        said.append(f"Deleted {part['deleted']['name']} “{part['deleted']['object']}”.")
    return said
