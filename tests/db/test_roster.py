"""The pool's decisions, and turns, without a database."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from orm.bridge import drive
from orm.bridge.waiting import NOTHING, Waiter
from orm.db.pooling.budget import Budget
from orm.db.pooling.roster import Entry, Permission, Roster
from orm.db.transactions.turns import BLOCK, Turns
from orm.db.url import PoolOptions
from orm.errors import TransactionManagementError

CONNECTION: Any = SimpleNamespace(fetch=None, execute=None)


def roster(**options: Any) -> Roster:
    return Roster(PoolOptions(**options), Budget(100))


def member(of: Roster, now: float = 0.0) -> Entry:
    permission = of.claim()
    assert permission is not None
    entry = Entry(CONNECTION, now, of.options.max_lifetime)
    of.opened(entry, permission)
    return entry


def test_opens_up_to_the_maximum_then_waits() -> None:
    pool = roster(max_size=2)
    steps = [pool.next_step() for _ in range(3)]
    assert [type(step) for step in steps] == [Permission, Permission, type(None)]
    assert pool.size == 2


def test_the_last_used_comes_first_and_waiters_come_in_order() -> None:
    pool = roster(max_size=2)
    first, second = member(pool), member(pool)
    pool.give_back(first)
    pool.give_back(second)
    assert pool.next_step() is second
    assert pool.next_step() is first
    ann, bob = Waiter(1, "a"), Waiter(2, "b")
    pool.waiters += [ann, bob]
    assert pool.next_step() is None
    pool.give_back(first)
    assert (ann.granted, bob.granted) == (first, NOTHING)
    assert pool.next_step() is None, "a newcomer does not overtake"
    pool.drop(second)
    assert isinstance(bob.granted, Permission)


def test_a_waiter_that_gives_up_leaves_the_queue() -> None:
    pool = roster(max_size=1)
    entry = member(pool)
    ann, bob = Waiter(1, "a"), Waiter(2, "b")
    pool.waiters += [ann, bob]
    assert pool.withdraw(ann)
    pool.give_back(entry)
    assert bob.granted is entry
    assert not pool.withdraw(bob)


def test_failed_opening_lets_the_next_try() -> None:
    pool = roster(max_size=1)
    permission = pool.next_step()
    assert isinstance(permission, Permission)
    waiter = Waiter(1, "a")
    pool.waiters.append(waiter)
    pool.not_opened(permission)
    pool.not_opened(permission)  # a second time changes nothing
    assert isinstance(waiter.granted, Permission)
    assert pool.size == 1


def test_what_nobody_holds_any_more_is_given_back() -> None:
    """A signal's exception may come between getting something and the `try` that gives it back."""
    pool = roster(max_size=1)
    permission = pool.next_step()
    assert isinstance(permission, Permission)
    del permission
    assert (pool.size, pool.budget.taken) == (0, 0)
    waiter = Waiter(1, "a")
    pool.waiters.append(waiter)
    pool.serve()
    assert pool.size == 1
    del waiter
    assert pool.size == 0


def test_old_and_idle_connections_are_taken_out() -> None:
    pool = roster(max_size=5, min_size=1, idle_timeout=10, max_lifetime=100)
    entries = [member(pool, now) for now in (0.0, 50.0, 85.0, 99.0)]
    for entry in entries:
        pool.give_back(entry)
    assert all(90 <= entry.expires - entry.taken <= 100 for entry in entries)
    assert pool.take_overdue(100.0) == entries[:3]
    assert pool.take_overdue(130.0) == [], "the minimum stays"
    assert list(pool.idle) == entries[3:]
    assert pool.take_overdue(1000.0) == entries[3:], "but not beyond its lifetime"


def test_connections_beside_a_dead_one_are_tried_or_taken_out() -> None:
    pool = roster(max_size=3, health_check_after=10)
    old, used, busy = member(pool, 0.0), member(pool, 50.0), member(pool, 60.0)
    pool.give_back(old)
    pool.give_back(used)
    pool.suspect_idle(60.0)
    assert all(60.0 - entry.taken > 10 for entry in (old, used))
    assert busy.taken == 60.0
    used.taken = 70.0
    assert pool.take_unused_since(65.0) == [old]
    assert (list(pool.idle), set(pool.members), pool.budget.taken) == ([used], {used, busy}, 2)


def test_a_newcomer_does_not_go_before_who_waits() -> None:
    """Not even where a connection was given back, or a place became free, that nobody has been told of yet."""
    pool = roster(max_size=2)
    pool.idle.append(member(pool))
    pool.waiters.append(Waiter("first", "x"))
    assert pool.next_step() is None


def test_connections_that_were_opened_together_do_not_end_together() -> None:
    expires = {Entry(CONNECTION, 0.0, 100.0).expires for _ in range(20)}
    assert len(expires) > 1
    assert all(90 <= moment <= 100 for moment in expires)


def test_idle_connections_may_be_taken_while_they_are_looked_at() -> None:
    """The short way out of the pool has no lock: who takes an entry first, has it."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    pool = roster(max_size=50, idle_timeout=1)
    for _ in range(50):
        pool.give_back(member(pool))
    stop, errors, taken = threading.Event(), list[BaseException](), list[Entry]()

    def take_and_give_back() -> None:
        while not stop.is_set():
            try:
                entry = pool.idle.pop()
            except IndexError:
                return
            time.sleep(0)  # in use, while the other thread looks
            pool.idle.append(entry)

    def sweep() -> None:
        try:
            for _ in range(2000):
                pool.suspect_idle(0.0)
                pool.take_unused_since(-100.0)
            while len(taken) < 50:
                taken.extend(pool.take_overdue(2.0))
        except BaseException as error:
            errors.append(error)
        stop.set()

    threads = [threading.Thread(target=work) for work in (take_and_give_back, sweep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(usual)
    assert errors == []
    assert len(set(taken)) == 50
    assert pool.budget.taken == 0


@pytest.mark.asyncio
async def test_turns_come_in_order_across_tasks_and_threads() -> None:
    turns, order = Turns(), []

    async def take(name: str) -> None:
        if not turns.take(name, name, "x"):
            await turns.wait(name, name, "x", 5)
        order.append(name)
        turns.pass_on(name)

    assert turns.take("first", "first", "x")
    task = asyncio.create_task(take("task"))
    await asyncio.sleep(0)
    thread = threading.Thread(target=lambda: drive(take("thread")))
    thread.start()
    while len(turns.waiters) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    turns.pass_on(turns.holder)
    await task
    await asyncio.to_thread(thread.join)
    assert order == ["task", "thread"]


@pytest.mark.asyncio
async def test_a_statement_ends_its_own_turn_only_and_the_next_in_the_queue_has_it() -> None:
    turns = Turns()
    assert turns.take("statement", "one", "x")
    assert not turns.take("other", "two", "x")
    waiting = asyncio.create_task(turns.wait("other", "two", "x", 5))
    await asyncio.sleep(0)
    turns.end_statement("other")
    assert turns.who == "one"
    turns.end_statement("statement")
    await waiting
    turns.end_statement("statement")
    assert turns.who == "two"
    turns.end_statement("other")
    assert turns.holder is None


@pytest.mark.asyncio
async def test_a_cancelled_waiter_passes_its_turn_on() -> None:
    turns = Turns()
    assert turns.take("first", "first", "x")
    tasks = [asyncio.create_task(turns.wait(n, n, "x", 5)) for n in ("second", "third")]
    await asyncio.sleep(0)
    turns.pass_on(turns.holder)  # granted to the second, which is cancelled before it runs
    tasks[0].cancel()
    await asyncio.wait(tasks)
    assert tasks[0].cancelled()
    assert turns.who == "third"


@pytest.mark.asyncio
async def test_waiting_for_a_block_is_bounded_and_names_both() -> None:
    turns = Turns()
    other = asyncio.create_task(asyncio.sleep(5), name="the other")
    assert turns.take(other, other, BLOCK)
    with pytest.raises(TransactionManagementError, match="task 'mine'.*'the other'"):
        await asyncio.create_task(wait_here(turns), name="mine")
    other.cancel()


async def wait_here(turns: Turns) -> None:
    await turns.wait(asyncio.current_task(), asyncio.current_task(), "x", 0.02)


@pytest.mark.asyncio
async def test_waiting_for_a_statement_has_no_limit() -> None:
    turns = Turns()
    assert turns.take("other", "other", "a long statement")
    waiting = asyncio.create_task(turns.wait("mine", "mine", "x", 0.001))
    await asyncio.sleep(0.05)
    turns.pass_on(turns.holder)
    await waiting
    assert turns.who == "mine"


@pytest.mark.asyncio
async def test_the_limit_is_for_each_block_and_not_for_all_of_them() -> None:
    turns, limit = Turns(), 1.0
    assert turns.take("first", "first", BLOCK)
    others = [asyncio.create_task(turns.wait(n, n, BLOCK, 60)) for n in range(15)]
    await asyncio.sleep(0)
    waiting = asyncio.create_task(turns.wait("mine", "mine", "x", limit))
    for _ in range(16):  # each has its turn for a tenth of the limit
        await asyncio.sleep(limit / 10)
        turns.pass_on(turns.holder)
    await asyncio.gather(waiting, *others)
    assert turns.who == "mine"
