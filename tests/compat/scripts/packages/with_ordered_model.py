"""django-ordered-model: rows that are moved, swapped, and ordered in groups."""

from start import configure, make_tables, show

configure("ordered_model")

from django.db import models
from ordered_model.models import OrderedModel, OrderedModelBase, OrderedModelManager, OrderedModelQuerySet


class Item(OrderedModel):
    name = models.CharField(max_length=20)


class Question(models.Model):
    text = models.CharField(max_length=20)


class Answer(OrderedModel):
    question = models.ForeignKey(Question, models.CASCADE)
    text = models.CharField(max_length=20)
    order_with_respect_to = ("question",)

    class Meta(OrderedModel.Meta):
        ordering = ("question", "order")


class Topping(models.Model):
    name = models.CharField(max_length=20)


class Pizza(models.Model):
    name = models.CharField(max_length=20)
    toppings = models.ManyToManyField(Topping, through="PizzaTopping")


class PizzaTopping(OrderedModel):
    pizza = models.ForeignKey(Pizza, models.CASCADE)
    topping = models.ForeignKey(Topping, models.CASCADE)
    order_with_respect_to = "pizza"

    class Meta:
        ordering = ("pizza", "order")


class Custom(OrderedModelBase):
    name = models.CharField(max_length=20)
    sort = models.PositiveIntegerField(editable=False, db_index=True)
    order_field_name = "sort"
    objects = OrderedModelManager()

    class Meta:
        ordering = ("sort",)


make_tables()


def listed(queryset):
    return [(one.name, one.order) for one in queryset]


for name in "abcde":
    Item.objects.create(name=name)
print(listed(Item.objects.all()))
get = lambda name: Item.objects.get(name=name)
get("a").down()
print(listed(Item.objects.all()))
get("e").up()
get("e").top()
print(listed(Item.objects.all()))
get("a").bottom()
get("c").to(1)
print(listed(Item.objects.all()))
get("b").above(get("d"))
get("e").below(get("d"))
print(listed(Item.objects.all()))
get("a").swap(Item.objects.filter(name="b").first())
print(listed(Item.objects.all()))
print(get("d").previous(), get("d").next() and get("d").next().name)
print(Item.objects.get_max_order(), Item.objects.get_min_order(), Item.objects.get_next_order())
print([one.name for one in Item.objects.above(2)], [one.name for one in Item.objects.below_instance(get("d"))])
get("d").delete()
print(listed(Item.objects.all()))
print([one.name for one in Item.objects.bulk_create([Item(name="x"), Item(name="y")])], listed(Item.objects.all()))
Item.objects.above_instance(get("x")).decrease_order()
one, two = (Question.objects.create(text=text) for text in "ab")
for question in (one, two):
    for text in "xyz":
        Answer.objects.create(question=question, text=text)
first = Answer.objects.filter(question=one)
first[2].top()
print([(each.text, each.order) for each in first.all()], first.first().get_ordering_queryset().count())
moved = first.first()
moved.question = two
moved.save()
print([(each.text, each.order) for each in Answer.objects.all()])
try:
    first[0].above(Answer.objects.filter(question=two).first())
except ValueError as error:
    print("ValueError", str(error).partition(" from")[0][:40])
pizza = Pizza.objects.create(name="one")
toppings = [Topping.objects.create(name=name) for name in "abc"]
pizza.toppings.add(*toppings)
PizzaTopping.objects.filter(pizza=pizza).first().bottom()
print([each.name for each in pizza.toppings.all().order_by("pizzatopping__order")])
for name in "ab":
    Custom.objects.create(name=name)
Custom.objects.first().down()
print(Custom.objects.values_list("name", "sort"), isinstance(Custom.objects.all(), OrderedModelQuerySet))
show(Item, Answer, PizzaTopping, Custom)
