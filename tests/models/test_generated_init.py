"""After the first instance of a class its ``__init__`` is one that was generated for its fields; it does the same."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.models.initialiser import DEFERRED
from orm.models.signals import post_init, pre_init


class Fruit(models.Model):
    name = models.CharField(max_length=10)
    weight = models.IntegerField(default=5)


class Basket(models.Model):
    fruit = models.ForeignKey(Fruit, on_delete=models.CASCADE, null=True)


@pytest.fixture(autouse=True)
def generated() -> None:
    for model in (Fruit, Basket):
        model()
        assert "__init__" in vars(model)


def test_values_by_name_defaults_and_the_key() -> None:
    fruit = Fruit(name="fig", pk=3)
    assert vars(fruit) == {"_state": fruit._state, "id": 3, "name": "fig", "weight": 5}
    assert fruit._state.adding


def test_values_by_place() -> None:
    fruit = Fruit(1, "fig", weight=7)
    assert (fruit.pk, fruit.name, fruit.weight) == (1, "fig", 7)


def test_a_value_that_is_deferred_is_left_out() -> None:
    assert Fruit(1, "fig", DEFERRED).get_deferred_fields() == {"weight"}


def test_a_value_by_place_and_by_name() -> None:
    with pytest.raises(TypeError, match="got both positional and keyword arguments for field 'name'"):
        Fruit(1, "fig", name="")


def test_a_name_that_is_no_field() -> None:
    with pytest.raises(TypeError, match=r"Fruit\(\) got unexpected keyword arguments: 'wait'\. Did you mean 'weight'"):
        Fruit(wait=1)


def test_too_many_values() -> None:
    with pytest.raises(IndexError, match="takes at most 3 values"):
        Fruit(1, "fig", 2, 3)


def test_a_related_instance_and_its_key() -> None:
    fruit = Fruit(pk=4)
    assert Basket(fruit=fruit).fruit is fruit
    assert vars(Basket(fruit_id=4))["fruit_id"] == 4


def test_listeners_hear_of_it() -> None:
    heard: list[Any] = []

    def before(sender: Any, args: Any, kwargs: Any, **named: Any) -> None:
        heard.append((args, kwargs))

    def after(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(instance.name)

    pre_init.connect(before, sender=Fruit)
    post_init.connect(after, sender=Fruit)
    try:
        Fruit(name="fig")
    finally:
        pre_init.disconnect(before, sender=Fruit)
        post_init.disconnect(after, sender=Fruit)
    assert heard == [((), {"name": "fig"}), "fig"]
    Fruit(name="fig")
    assert len(heard) == 2


def test_a_class_that_inherits_from_it_has_its_own_fields() -> None:
    class Apple(Fruit):
        sort = models.CharField(max_length=10, default="pippin")

    for _ in range(2):
        apple = Apple(name="a", sort="russet")
        assert (apple.name, apple.sort, apple.weight) == ("a", "russet", 5)
    assert Fruit(name="fig").name == "fig"


def test_a_class_that_inherits_from_it_and_writes_its_own_init() -> None:
    class Pear(Fruit):
        sort = models.CharField(max_length=10)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.setdefault("sort", "conference")
            super().__init__(*args, **kwargs)

    assert Pear._meta.has_custom_init
    for _ in range(2):
        assert (Pear(name="p").sort, Pear(name="p", sort="comice").sort) == ("conference", "comice")


def test_a_mixin_with_an_init() -> None:
    class Counting:
        made = 0

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            type(self).made += 1
            super().__init__(*args, **kwargs)

    class Plum(Counting, Fruit):
        class Meta:
            proxy = True

    for _ in range(2):
        assert Plum(name="p").name == "p"
    assert Plum.made == 2


def test_an_init_that_is_put_there_later_is_called() -> None:
    class Cherry(Fruit):
        pass

    Cherry(name="c")
    original: Any = Cherry.__init__
    seen: list[str] = []

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        seen.append(self.name)

    Cherry.__init__ = wrapped  # type: ignore[method-assign]
    Cherry(name="c")

    class Morello(Cherry):
        sour = models.BooleanField(default=True)

    assert Morello(name="m", sour=False).sour is False
    assert seen == ["c", "m"]


def test_a_field_that_is_added_later() -> None:
    class Melon(models.Model):
        name = models.CharField(max_length=10)

    Melon(name="m")
    Melon.add_to_class("seeds", models.IntegerField(default=100))
    for _ in range(2):
        melon: Any = Melon(name="m", seeds=3)
        assert (melon.seeds, Melon(name="m").seeds) == (3, 100)  # type: ignore[attr-defined]


def test_of_a_relation_and_its_key_the_key_is_kept() -> None:
    """As in Django."""
    assert Basket(fruit=None, fruit_id=3).fruit_id == 3
    assert Basket(fruit=Fruit(pk=1), fruit_id=3).fruit_id == 3
    assert Basket(fruit=Fruit(pk=1), fruit_id=None).fruit_id is None
