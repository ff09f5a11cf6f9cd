"""django-simple-history: rows of every change, queried, compared and taken back."""

from start import configure, make_tables, show

configure("simple_history")

import datetime

from django.contrib.auth.models import User
from django.db import models
from simple_history import register
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords, HistoricForeignKey
from simple_history.signals import post_create_historical_record, pre_create_historical_record
from simple_history.utils import bulk_create_with_history, bulk_update_with_history, update_change_reason


class Category(models.Model):
    name = models.CharField(max_length=20)
    history = HistoricalRecords()


class Place(models.Model):
    name = models.CharField(max_length=20)


class Poll(models.Model):
    question = models.CharField(max_length=50)
    pub_date = models.DateField()
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="polls")
    places = models.ManyToManyField(Place, related_name="polls")
    history = HistoricalRecords(m2m_fields=[places])

    def __str__(self):
        return self.question


class Choice(models.Model):
    poll = HistoricForeignKey(Poll, models.CASCADE, related_name="choices")
    text = models.CharField(max_length=20, unique=True)
    secret = models.CharField(max_length=20, default="s")
    history = HistoricalRecords(excluded_fields=["secret"])


class Reasoned(models.Model):
    n = models.IntegerField()
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))


class Foreign(models.Model):
    name = models.CharField(max_length=20)


register(Foreign)

make_tables()


def told(history):
    return [(each.history_type, str(each.history_object), each.history_change_reason) for each in history]


created = []
post_create_historical_record.connect(
    lambda sender, instance, history_instance, **named: created.append((type(instance).__name__, history_instance.history_type)),
    weak=False,
)
user = User.objects.create(username="ada")
fun = Category.objects.create(name="Fun")
poll = Poll.objects.create(question="what's up?", pub_date=datetime.date(2024, 1, 2), category=fun)
poll.question = "what's new?"
poll._history_user = user
poll._change_reason = "clearer"
poll.save()
print(poll.history.count(), told(poll.history.all()), Poll.history.filter(question__startswith="what").count())
newest = poll.history.first()
print(newest.history_user, newest.get_history_type_display(), newest.prev_record.question, newest.next_record)
print(newest.instance, newest.instance_type.__name__, newest.history_object == poll)
delta = newest.diff_against(newest.prev_record)
print([(change.field, change.old, change.new) for change in delta.changes], delta.changed_fields)
print(poll.history.earliest().question, poll.history.latest().question, poll.history.most_recent().question)
oldest = poll.history.earliest()
oldest.instance.save()
poll.refresh_from_db()
print(poll.question, poll.history.count())
place = Place.objects.create(name="here")
poll.places.add(place)
print(poll.history.count(), [list(each.places.values_list("place__name", flat=True)) for each in poll.history.all()])
poll.places.clear()
print([each.places.count() for each in poll.history.all()])
choice = Choice.objects.create(poll=poll, text="a")
choice.text = "b"
choice.save()
print([(each.text, each.poll.question, hasattr(each, "secret")) for each in choice.history.all()])
past = choice.history.earliest()
print(past.instance.text, past.instance.secret, past.instance.pk == choice.pk)
moment = choice.history.latest().history_date
print([each.text for each in Choice.history.as_of(moment)], choice.history.as_of(moment).text)
before = past.history_date
print([each.text for each in Choice.history.as_of(before)])
then = Choice.history.as_of(before).get()
print(then.poll.question, [each.text for each in Poll.history.as_of(moment).get().choices.all()])
print(Poll.history.latest_of_each().count(), [str(each) for each in Poll.history.latest_of_each().as_instances()])
choice.save_without_historical_record()
print(choice.history.count())
choice.skip_history_when_saving = True
choice.save()
del choice.skip_history_when_saving
print(choice.history.count())
update_change_reason(choice, "because")
print(told(choice.history.all()))
bulk_create_with_history([Reasoned(n=n) for n in range(3)], Reasoned, default_user=user, default_change_reason="many")
rows = list(Reasoned.objects.order_by("n"))
for row in rows:
    row.n += 10
bulk_update_with_history(rows, Reasoned, ["n"])
print(Reasoned.history.order_by("history_id").values_list("n", "history_type", "history_change_reason"))
foreign = Foreign.objects.create(name="x")
foreign.delete()
print([(each.name, each.history_type) for each in Foreign.history.all()], isinstance(Foreign.history, HistoryManager))
fun.delete()
poll.refresh_from_db()
print(poll.category, [each.category_id for each in poll.history.all()][:2])
poll.delete()
print(Poll.history.count(), told(Choice.history.all()))
print(created)
