"""A clean-up job: deletes with every rule there is, signals that tell, and a fixture of what is left."""

import json
import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", "program.sqlite3"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    INSTALLED_APPS=["__main__"],
    TIME_ZONE="UTC",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from datetime import datetime, timedelta, timezone

from django.core import serializers
from django.db import connection, models, transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import receiver

NOW = datetime(2024, 6, 1, 12, tzinfo=timezone.utc)


class Account(models.Model):
    name = models.CharField(max_length=20)
    active = models.BooleanField(default=True)
    seen = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]


class Team(models.Model):
    name = models.CharField(max_length=20)
    lead = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="leads")
    members = models.ManyToManyField(Account, related_name="teams")


def system_account():
    return Account.objects.get(name="system")


class Document(models.Model):
    title = models.CharField(max_length=20)
    owner = models.ForeignKey(Account, models.SET(system_account), related_name="documents")
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="documents")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="parts")


class Comment(models.Model):
    document = models.ForeignKey(Document, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Account, models.CASCADE, related_name="comments")
    text = models.CharField(max_length=40)
    at = models.DateTimeField()


class Contract(models.Model):
    account = models.OneToOneField(Account, models.PROTECT)
    number = models.PositiveIntegerField()


class Log(models.Model):
    text = models.CharField(max_length=80)


MODELS = [Account, Team, Document, Comment, Contract, Log]
heard = []


@receiver(pre_delete, sender=Document)
def before(sender, instance, **kwargs):
    heard.append(f"before {instance.title}")


@receiver(post_delete, sender=Document)
def after(sender, instance, **kwargs):
    heard.append(f"after {instance.title}")


@receiver(post_delete, sender=Account)
def remember(sender, instance, using, **kwargs):
    Log.objects.using(using).create(text=f"gone: {instance.name}")


@receiver(post_save, sender=Comment)
def count(sender, instance, created, raw, **kwargs):
    if created and not raw:
        heard.append(f"comment {instance.text}")


@receiver(m2m_changed, sender=Team.members.through)
def members(sender, instance, action, pk_set, **kwargs):
    if action.startswith("post"):
        heard.append(f"{action} {instance.name} {len(pk_set or ())}")


def fill():
    accounts = Account.objects.bulk_create(
        [Account(name=name, seen=NOW - timedelta(days=days) if days is not None else None, active=days != 400)
         for name, days in [("system", 0), ("ada", 1), ("bob", 40), ("cy", 400), ("dee", None), ("eve", 400)]]
    )  # fmt: skip
    by_name = {account.name: account for account in Account.objects.all()}
    core = Team.objects.create(name="core", lead=by_name["cy"])
    side = Team.objects.create(name="side", lead=by_name["ada"])
    core.members.add(by_name["ada"], by_name["cy"])
    side.members.set([by_name["bob"], by_name["cy"]])
    plan = Document.objects.create(title="plan", owner=by_name["cy"], team=core)
    part = Document.objects.create(title="part", owner=by_name["ada"], team=core, parent=plan)
    Document.objects.create(title="leaf", owner=by_name["bob"], parent=part)
    Document.objects.create(title="memo", owner=by_name["eve"], team=side)
    for number, (document, author) in enumerate([(plan, "ada"), (plan, "cy"), (part, "bob"), (part, "cy")]):
        Comment.objects.create(document=document, author=by_name[author], text=f"c{number}",
                               at=NOW - timedelta(days=number))  # fmt: skip
    Contract.objects.create(account=by_name["eve"], number=7)
    return len(accounts)


def stale():
    recent = Comment.objects.filter(author=OuterRef("pk"), at__gte=NOW - timedelta(days=2))
    return Account.objects.filter(
        Q(seen__lt=NOW - timedelta(days=365)) | Q(seen=None), ~Exists(recent)
    ).exclude(name="system")


def tell(title):
    global heard
    print(f"-- {title}")
    for line in heard:
        print("  ", line)
    heard = []


def left():
    return {model.__name__: model.objects.count() for model in MODELS}


with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)
print(fill(), left())
tell("filled")

print(stale().values_list("name", flat=True).query is not None, list(stale().values_list("name", flat=True)))
for account in stale():
    try:
        with transaction.atomic():
            total, by_model = account.delete()
            print(account.name, total, sorted(by_model.items()))
    except models.ProtectedError as error:
        print(account.name, "is kept:", sorted(type(one).__name__ for one in error.protected_objects))
tell("stale accounts")

cy = Account.objects.get(name="cy")
with transaction.atomic():
    print(sorted(cy.delete()[1].items()))
print(Team.objects.get(name="core").lead, Document.objects.get(title="plan").owner.name)
tell("cy")

print(sorted(Document.objects.filter(title="plan").delete()[1].items()))
tell("plan and its parts")

try:
    with transaction.atomic():
        Contract.objects.all().delete()
        Account.objects.filter(name="eve").delete()
        raise RuntimeError("think again")
except RuntimeError as error:
    print(error, left())
tell("taken back")

newest = Comment.objects.filter(author=OuterRef("pk")).order_by("-at").values("text")[:1]
print(list(Account.objects.annotate(n=Count("documents"), last=Subquery(newest))
           .order_by("name").values_list("name", "n", "last")))
print(Comment.objects.filter(document__team__name="core").delete(), Log.objects.order_by("pk").values_list("text").first())
Team.objects.get(name="side").members.clear()
tell("cleared")
text = serializers.serialize("json", [row for model in MODELS for row in model.objects.order_by("pk")])
print([(one["model"], one["pk"]) for one in json.loads(text)])
Log.objects.all().delete()
Contract.objects.all().delete()
for one in serializers.deserialize("json", text):
    one.save()
print(left())
tell("loaded")
for model in MODELS:
    print(model.__name__, list(model.objects.order_by("pk").values_list()))
with connection.schema_editor() as editor:
    for model in reversed(MODELS):
        editor.delete_model(model)
