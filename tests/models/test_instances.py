"""Instances without a database: construction, identity, state, values that were not loaded."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

import orm
from orm import models
from orm.errors import FieldFetchBlocked
from orm.models.apps import Apps
from orm.models.initialiser import DEFERRED
from orm.models.signals import Signal, post_init, pre_init
from orm.models.state import ModelState


class Owner(models.Model):
    name = models.CharField(max_length=10)


class Pet(models.Model):
    name = models.CharField(max_length=10)
    tags = models.JSONField(default=list)
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, null=True)

    @property
    def nickname(self) -> str:
        return self.name.lower()

    @nickname.setter
    def nickname(self, value: str) -> None:
        self.name = value.upper()


def test_construction_by_name_and_by_place() -> None:
    owner = Owner(pk=7, name="Ada")
    assert vars(owner) == {"_state": owner._state, "id": 7, "name": "Ada"}
    pet = Pet(1, "Rex", ["a"], 7)
    assert (pet.pk, pet.name, pet.tags, pet.owner_id) == (1, "Rex", ["a"], 7)  # type: ignore[attr-defined]
    pet = Pet(name="Rex", owner=owner)
    assert pet.owner is owner and vars(pet)["owner_id"] == 7
    assert Pet(owner_id=3).__dict__["owner_id"] == 3
    assert Pet(owner=None).owner is None
    assert Pet(nickname="rex").name == "REX"
    assert Pet().tags is not Pet().tags
    assert (Pet().name, Pet().pk) == ("", None)
    assert Pet()._state.adding and Pet()._state.db is None


def test_construction_that_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Pet\(\) got unexpected keyword arguments: 'nmae'. Did you mean 'name'"):
        Pet(nmae="x")
    with pytest.raises(TypeError, match="It has"):
        Pet(zzzzzz=1)
    with pytest.raises(IndexError, match="at most 4 values"):
        Pet(1, "x", [], 2, 3)
    with pytest.raises(TypeError, match="both positional and keyword arguments for field 'id'"):
        Pet(1, id=2)
    with pytest.raises(ValueError, match="Owner"):
        Pet(owner=Pet())


def test_instances_of_the_same_row_are_equal() -> None:
    assert Owner(pk=1) == Owner(pk=1)
    assert Owner(pk=1) != Owner(pk=2)
    assert Owner(pk=1) != Pet(pk=1)
    assert Owner(pk=1) != 1


def test_an_instance_without_a_key_equals_itself_alone() -> None:
    new = Owner()
    assert new == new
    assert new != Owner()


def test_an_instance_is_hashed_by_its_key() -> None:
    assert hash(Owner(pk=1)) == hash(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Owner())


def test_an_instance_is_shown_by_its_class_and_key() -> None:
    assert (str(Owner(pk=1)), repr(Owner())) == ("Owner object (1)", "<Owner: Owner object (None)>")


def test_an_instance_awaits_to_itself() -> None:
    owner = Owner(pk=1)

    async def give() -> Owner:
        return await owner

    assert asyncio.run(give()) is owner


def test_from_db_with_and_without_all_columns() -> None:
    pet = Pet.from_db("other", ["id", "name", "tags", "owner_id"], [1, "Rex", [], None])
    assert (pet._state.adding, pet._state.db) == (False, "other")
    assert pet.get_deferred_fields() == set()
    part = Pet.from_db("other", ["id", "owner_id"], [1, 2])
    assert part.get_deferred_fields() == {"name", "tags"}
    assert DEFERRED not in vars(part).values()


def test_state_appears_when_looked_at() -> None:
    bare = Owner.__new__(Owner)
    assert "_state" not in vars(bare)
    state = bare._state
    assert (state.adding, state.db, state.fetch_mode) == (False, "default", "one")
    assert bare._state is state


def test_a_state_tells_what_is_loaded_of_relations() -> None:
    """In programs written for Django (``state_in_dict``); a view, which changes the instance."""
    orm.configure(state_in_dict=True)
    try:

        class Kennel(models.Model):
            owner = models.ForeignKey(Owner, on_delete=models.CASCADE, null=True)

            class Meta:
                apps = Apps()
    finally:
        orm.configure(state_in_dict=False)
    kennel = Kennel(owner=(owner := Owner(pk=3)))
    assert kennel._state.fields_cache == {"owner": owner}
    assert repr(kennel._state.fields_cache) == repr({"owner": owner})
    copied = copy.copy(kennel)
    copied._state.fields_cache.clear()
    assert (len(copied._state.fields_cache), len(kennel._state.fields_cache)) == (0, 1)
    kennel._state.fields_cache = {}
    assert "owner" not in kennel._state.fields_cache
    with pytest.raises(KeyError):
        kennel._state.fields_cache["nope"] = owner


def test_a_state_that_knows_no_instance_says_what_to_ask() -> None:
    with pytest.raises(AttributeError, match="is_cached"):
        _ = Owner()._state.fields_cache


def test_classes_that_build_themselves_are_known() -> None:
    class Plain(models.Model):
        pass

    class Own(models.Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    assert not Plain._meta.has_custom_init
    assert Own._meta.has_custom_init

    def hear(**named: Any) -> None:
        """Listen."""

    post_init.connect(hear)
    try:
        assert Plain._meta.has_custom_init
    finally:
        post_init.disconnect(hear)
    assert not Plain._meta.has_custom_init


def test_missing_values() -> None:
    blank = Pet.__new__(Pet)
    blank.__dict__["_state"] = ModelState(adding=True)
    with pytest.raises(AttributeError, match=r"Pet\.name has no value"):
        blank.name
    stored = Pet.__new__(Pet)
    stored.__dict__.update(id=1, _state=ModelState(False, "default", "raise"))
    with pytest.raises(FieldFetchBlocked, match=r"Pet\.name.*'raise'"):
        stored.name
    with pytest.raises(AttributeError):
        Pet.__new__(Pet).pk


def test_unloaded_in_async_code_can_only_be_awaited() -> None:
    async def use() -> None:
        pet = Pet.__new__(Pet)
        pet.__dict__["id"] = 1
        name: Any = pet.name
        assert "await it" in repr(name)
        uses: list[Any] = [
            lambda: name.upper, lambda: str(name), lambda: bool(name), lambda: name == "x", lambda: len(name),
            lambda: name + "x", lambda: list(name), lambda: name(), lambda: name[0],
            lambda: f"{name}", lambda: setattr(name, "x", 1), lambda: name < "x", lambda: "x" in name,
        ]  # fmt: skip
        for attempt in uses:
            with pytest.raises(FieldFetchBlocked, match=r"await instance\.name"):
                attempt()

    asyncio.run(use())


def test_init_signals() -> None:
    heard: list[Any] = []

    def before(sender: Any, args: Any, kwargs: Any, **named: Any) -> None:
        heard.append(("before", sender, kwargs))

    def after(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(("after", sender, instance.name))

    pre_init.connect(before, sender=Owner)
    post_init.connect(after, sender=Owner)
    try:
        Owner(name="Ada")
        Pet(name="Rex")
    finally:
        pre_init.disconnect(before, sender=Owner)
        post_init.disconnect(after, sender=Owner)
    assert heard == [("before", Owner, {"name": "Ada"}), ("after", Owner, "Ada")]


def test_signals_connect_once_and_forget_the_dead() -> None:
    signal = Signal("test")
    heard: list[str] = []

    def hear(**named: Any) -> str:
        heard.append("plain")
        return "heard"

    class Listener:
        def hear(self, **named: Any) -> None:
            heard.append("bound")

    listener = Listener()
    signal.connect(hear)
    signal.connect(hear)
    signal.connect(listener.hear, sender=Owner)
    assert signal.send(Owner)[0] == (hear, "heard")
    assert heard == ["plain", "bound"]
    del listener
    heard.clear()
    signal.send(Owner)
    assert heard == ["plain"]
    assert signal.disconnect(hear)
    assert not signal.disconnect(hear)
    assert not signal.has_listeners(Owner)


def test_robust_sending_returns_the_error() -> None:
    signal = Signal("test")

    def fail(**named: Any) -> None:
        raise ValueError("no")

    signal.connect(fail)
    ((receiver, problem),) = signal.send_robust(None)
    assert receiver is fail and isinstance(problem, ValueError)
    with pytest.raises(ValueError, match="no"):
        signal.send(None)


def test_a_coroutine_cannot_hear_what_cannot_wait() -> None:
    async def hear(**named: Any) -> None:
        """Listen."""

    with pytest.raises(TypeError, match="nothing can wait"):
        pre_init.connect(hear)


def test_receivers_of_both_colours() -> None:
    signal = Signal("test")
    heard: list[str] = []

    async def later(**named: Any) -> None:
        await asyncio.sleep(0)
        heard.append("async")

    def now(**named: Any) -> None:
        heard.append("plain")

    signal.connect(later)
    signal.connect(now)
    signal.send(None)
    asyncio.run(signal.asend(None))
    assert heard == ["plain", "async"] * 2
