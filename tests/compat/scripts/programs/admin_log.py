"""The admin's log: what was noted, in words, and what becomes of it when its user is deleted."""

import os

from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", ":memory:"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.messages",
        "django.contrib.admin",
    ],
    SECRET_KEY="x",
)
import django

django.setup()
from django.core.management import call_command

call_command("migrate", verbosity=0)
from django.contrib.admin.models import ACTION_FLAG_CHOICES, ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection

print(ADDITION, CHANGE, DELETION, ACTION_FLAG_CHOICES)
for f in LogEntry._meta.local_fields:
    print(f.name, f.get_internal_type(), f.null, f.blank, f.max_length, f.verbose_name)
print(
    LogEntry._meta.ordering,
    LogEntry._meta.db_table,
    LogEntry._meta.verbose_name,
    LogEntry._meta.verbose_name_plural,
    LogEntry.objects.use_in_migrations,
    LogEntry._meta.app_config.verbose_name,
)
c = connection.cursor()
c.execute("select name from django_migrations where app='admin' order by id")
print(c.fetchall())
u = User.objects.create_user("ada", first_name="A")
g = Group.objects.create(name="g")
ct = ContentType.objects.get_for_model(g)
for flag in (1, 2, 3, 4):
    for msg in (
        "",
        "plain",
        "[]",
        '[{"added": {}}]',
        '[{"added": {"name":"note","object":"x"}}]',
        '[{"changed": {"fields":["a","b","c"]}}]',
        '[{"changed": {"fields":["a"], "name":"note","object":"x"}}, {"deleted": {"name":"n","object":"o"}}]',
        "[bad",
        '[{"deleted": {}}]',
        '[{"changed": {"fields":["a","b"]}}]',
    ):
        le = LogEntry(
            user=u, content_type=ct, object_id=str(g.pk), object_repr="G" * 5, action_flag=flag, change_message=msg
        )
        try:
            print(
                flag,
                repr(msg),
                str(le),
                "|",
                le.get_change_message(),
                le.is_addition(),
                le.is_change(),
                le.is_deletion(),
                le.get_action_flag_display(),
            )
        except Exception as e:
            print(flag, repr(msg), type(e).__name__, e)
le.save()
print(le.get_edited_object(), repr(le) == str(le.action_time))
r = LogEntry.objects.log_actions(u.pk, Group.objects.all(), CHANGE, change_message=[{"changed": {"fields": ["Name"]}}])
print(len(r), LogEntry.objects.count())
r = LogEntry.objects.log_actions(u.pk, [g], ADDITION, change_message="t", single_object=True)
print(r.pk, r.change_message, r.object_id, r.object_repr)
r = LogEntry.objects.log_actions(u.pk, [g, g], DELETION)
print(len(r))
print(LogEntry.objects.values_list("change_message", "object_repr", "action_flag"))
import warnings

with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    r = LogEntry.objects.log_action(u.pk, ct.pk, g.pk, "r" * 300, 1, "")
    print([str(x.message) for x in w], len(r.object_repr))
print(User.objects.all().delete())
