"""django-fsm-2: a field of states, and methods that lead from one to another."""

from start import configure, make_tables, show

configure("django_fsm")
from django.db import models
from django_fsm import FSMField, FSMIntegerField, TransitionNotAllowed, can_proceed, transition
from django_fsm.signals import post_transition


class Order(models.Model):
    state = FSMField(default="new", protected=True)
    step = FSMIntegerField(default=0)

    @transition(field=state, source="new", target="paid", conditions=[lambda order: order.step == 0])
    def pay(self):
        return "thanks"

    @transition(field=state, source=["new", "paid"], target="gone")
    def cancel(self):
        self.step = 9


make_tables()
post_transition.connect(lambda name, source, target, **named: print(name, source, target), weak=False)
order = Order.objects.create()
print(order.pay(), order.state, can_proceed(order.pay))
order.save()
try:
    order.pay()
except TransitionNotAllowed as error:
    print(error)
try:
    order.state = "new"
except AttributeError as error:
    print(error)
print(sorted(one.name for one in order.get_available_state_transitions()), Order.objects.filter(state="paid").count())
order.cancel()
order.save()
show(Order)
