"""``Signal``: something happened to a model, and whoever connected hears of it, in either colour.

Receivers may be plain functions or coroutine functions; each is met in its own colour by ``orm.bridge.crossing``. A
signal nobody listens to costs one look at an empty list. ``pre_init`` and ``post_init`` are sent while an object is
being built, where nothing can wait, so they take plain functions only.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from types import MethodType
from typing import TYPE_CHECKING, Any

from orm.epoch import Reason, epoch
from orm.late import LateLogger, late_module
from orm.models.apps import apps as default_apps

if TYPE_CHECKING:
    from orm.bridge import crossing
    from orm.models.apps import Apps
else:
    crossing = late_module("orm.bridge.crossing")

log = LateLogger("orm.signals")


class Receiver:
    """One connected receiver: whom it is for, and a reference that may have died."""

    __slots__ = ("dispatch_uid", "is_async", "key", "reference", "sender", "strong")

    def __init__(
        self, receiver: Callable[..., object], sender: object, weak: bool, dispatch_uid: Hashable | None
    ) -> None:
        self.key = receiver_key(receiver, sender, dispatch_uid)
        self.sender = sender
        self.dispatch_uid = dispatch_uid
        self.is_async = crossing.is_async(receiver)
        self.strong = None if weak else receiver
        bound = isinstance(receiver, MethodType)
        self.reference: Any = None
        if weak:
            self.reference = weakref.WeakMethod(receiver) if bound else weakref.ref(receiver)

    def target(self) -> Callable[..., Any] | None:
        """The receiver, or None when it is gone."""
        found: Callable[..., Any] | None = self.strong if self.reference is None else self.reference()
        return found


def receiver_key(receiver: object, sender: object, dispatch_uid: Hashable | None) -> Hashable:
    """What makes two connections the same one."""
    if dispatch_uid is not None:
        return (dispatch_uid, id(sender))
    if isinstance(receiver, MethodType):
        return (id(receiver.__self__), id(receiver.__func__), id(sender))
    return (id(receiver), id(sender))


class AwaitableSignal:
    """A signal. ``receivers`` is empty while nobody listens.

    Parameters: ``use_caching`` remembers who hears of each sender, which is worth it where there are many receivers and
    few senders; ``waits`` False makes a signal that only plain functions may receive.
    """

    def __init__(self, use_caching: bool = False, *, name: str = "signal", waits: bool = True) -> None:
        self.use_caching = use_caching
        self.sender_receivers_cache: weakref.WeakKeyDictionary[Any, list[Receiver]] = weakref.WeakKeyDictionary()
        self.name = name
        self.waits = waits
        self.receivers: list[Receiver] = []
        self._awaited: set[Hashable] = set()
        """Connections to senders that are not declared yet."""
        self.lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<Signal {self.name}, {len(self.receivers)} receivers>"

    def connect(
        self,
        receiver: Callable[..., object],
        sender: object = None,
        weak: bool = True,
        dispatch_uid: Hashable | None = None,
        apps: Apps | None = None,
    ) -> None:
        """Call ``receiver(sender=..., **named)`` whenever the signal is sent (by ``sender``, if one is given).

        Parameters: ``sender`` is a model class or its label, which ``apps`` (a registry other than the common one) may
        know; ``weak`` keeps no receiver alive; a second connection with the same ``dispatch_uid`` is ignored.

        Raises ``TypeError`` for what can't be called, or a coroutine function where the signal can't wait.
        """
        if not callable(receiver):
            raise TypeError(f"Signal receivers must be callable. {self.name} can't call {receiver!r}.")
        if not self.waits and crossing.is_async(receiver):
            raise TypeError(
                f"{self.name} is sent while an object is being built, where nothing can wait; "
                f"make {receiver.__qualname__} a plain function."
            )
        if isinstance(sender, str):
            self._connect_lazily(receiver, sender, weak, dispatch_uid, apps or self.registry)
            return
        entry = Receiver(receiver, sender, weak, dispatch_uid)
        with self.lock:
            living = [known for known in self.receivers if known.target() is not None]
            if all(known.key != entry.key for known in living):
                living.append(entry)
            self.receivers = living
        self._changed()

    def _changed(self) -> None:
        """Forget who hears of what; rows become instances in another way while somebody hears of that."""
        self.sender_receivers_cache.clear()
        if not self.waits:
            epoch.advance(Reason.SIGNALS)

    def _connect_lazily(
        self, receiver: Callable[..., object], label: str, weak: bool, uid: Hashable | None, registry: Any
    ) -> None:
        """Connect once the sender is declared, unless it was disconnected before."""
        key = (receiver_key(receiver, None, uid), label.lower())
        self._awaited.add(key)

        def declared(model: type) -> None:
            if key in self._awaited:
                self._awaited.discard(key)
                self.connect(receiver, model, weak, uid)

        registry.lazy(declared, label)

    @property
    def registry(self) -> Apps:
        """The registry that knows the models named as senders."""
        return default_apps

    def disconnect(
        self,
        receiver: Callable[..., object] | None = None,
        sender: object = None,
        dispatch_uid: Hashable | None = None,
        apps: Apps | None = None,
    ) -> bool | None:
        """Undo ``connect`` called with the same arguments; return whether there was such a connection.

        It returns None for a sender given by its label, as Django documents.
        """
        if isinstance(sender, str):
            awaited = (receiver_key(receiver, None, dispatch_uid), sender.lower())
            if awaited in self._awaited:
                self._awaited.discard(awaited)
                return None
            try:
                model = (apps or self.registry).get_model(sender)
            except LookupError:  # nobody declared it, so nothing was connected to it
                return None
            self.disconnect(receiver, model, dispatch_uid)
            return None
        key = receiver_key(receiver, sender, dispatch_uid)
        with self.lock:
            kept = [known for known in self.receivers if known.key != key]
            removed = len(kept) != len(self.receivers)
            self.receivers = kept
        self._changed()
        return removed

    def listeners(self, sender: object) -> list[Callable[..., Any]]:
        """The living receivers for ``sender``: plain functions in order of connection, then coroutine functions."""
        entries = self._entries_for(sender) if self.use_caching else self.receivers
        plain: list[Callable[..., Any]] = []
        coroutines: list[Callable[..., Any]] = []
        dead = False
        for entry in entries:
            target = entry.target()
            if target is None:
                dead = True
            elif entry.sender is None or entry.sender is sender:
                (coroutines if entry.is_async else plain).append(target)
        if dead:
            self._clear_dead_receivers()
        return plain + coroutines

    def _clear_dead_receivers(self) -> None:
        """Forget connections whose receivers are gone."""
        with self.lock:
            self.receivers = [known for known in self.receivers if known.target() is not None]
        self.sender_receivers_cache.clear()

    def _entries_for(self, sender: object) -> list[Receiver]:
        """The connections that concern a sender, remembered."""
        if sender is None:
            return self.receivers
        found = self.sender_receivers_cache.get(sender)
        if found is None:
            found = [entry for entry in self.receivers if entry.sender is None or entry.sender is sender]
            self.sender_receivers_cache[sender] = found
        return found

    def has_listeners(self, sender: object = None) -> bool:
        """Whether anybody would hear the signal from ``sender``."""
        return bool(self.receivers) and bool(self.listeners(sender))

    async def asend(self, sender: object, **named: object) -> list[tuple[Callable[..., Any], Any]]:
        """Call every receiver, in order; return pairs of receiver and what it returned. The first error ends it."""
        if not self.receivers:
            return []
        return [
            (receiver, await crossing.call(receiver, signal=self, sender=sender, **named))
            for receiver in self.listeners(sender)
        ]

    async def asend_robust(self, sender: object, **named: object) -> list[tuple[Callable[..., Any], Any]]:
        """Like ``asend``, but a receiver's error is logged and returned in its place, and the others still run."""
        results: list[tuple[Callable[..., Any], Any]] = []
        for receiver in self.listeners(sender) if self.receivers else ():
            try:
                results.append((receiver, await crossing.call(receiver, signal=self, sender=sender, **named)))
            except Exception as problem:
                called = getattr(receiver, "__qualname__", repr(receiver))
                log.exception("Error calling %s in Signal.send_robust() (%s)", called, problem)
                results.append((receiver, problem))
        return results

    def send_now(self, sender: object, **named: object) -> None:
        """Call every receiver as a plain function, for signals that can't wait."""
        for receiver in self.listeners(sender):
            receiver(signal=self, sender=sender, **named)
