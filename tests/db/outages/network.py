"""A network that fails: a proxy between the library and a server, that cuts, mutes and drops what passes.

For servers that fail there is ``servers.private_server()``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import ctypes
import socket
import struct
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from tests import servers

T = TypeVar("T")

PATIENCE = 120.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
ATTACH_FILTER = 26
DROP_ALL = struct.pack("HBBI", 6, 0, 0, 0)
"""The Berkeley packet filter's one instruction "return 0 bytes": the socket hears nothing, and acknowledges nothing."""


class Client(asyncio.Protocol):
    """The library's end of one connection through the proxy, and what holds both ends together."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.answer_is_cut = ""
        self.forgotten = False
        self._server: Server | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.proxy.clients.add(self)
        self.forgotten = self.proxy.muted
        self._connecting = self.proxy.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            _, server = await self.proxy.loop.create_connection(
                lambda: Server(self), servers.LOCALHOST, self.proxy.port_behind
            )
        except OSError:
            self.cut("reset")
            return
        self._server = server
        for data in self._early:
            server.transport.write(data)

    def data_received(self, data: bytes) -> None:
        if self.forgotten:
            return
        cut = self.proxy.take_cut(data)
        if cut is not None:
            how, answered = cut
            if not answered:
                self.cut(how)
                return
            self.answer_is_cut = how
        if self._server is None:
            self._early.append(data)
        else:
            self._server.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.proxy.clients.discard(self)
        self.leave_server()

    def leave_server(self) -> None:
        """End the server's end."""
        self._connecting.cancel()
        if self._server is not None:
            self._server.transport.abort()

    def cut(self, how: str) -> None:
        """End it: ``close`` in an orderly way (FIN), ``reset`` at once (RST)."""
        if how == "reset":
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.transport.abort()
        else:
            self.transport.close()

    def drop(self) -> None:
        """Hear nothing any more."""
        self.forgotten = True
        drop_all(self.transport.get_extra_info("socket"))


class Server(asyncio.Protocol):
    """The server's end."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._client.answer_is_cut:
            self._client.cut(self._client.answer_is_cut)
        elif not self._client.forgotten:
            self._client.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._client.forgotten:
            self._client.cut("close")


def drop_all(which: Any) -> None:
    """Have the kernel drop all that arrives for a socket; for a listening one also those who want to connect."""
    program = ctypes.create_string_buffer(DROP_ALL)
    which.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


def may_drop() -> bool:
    """Whether this is Linux, and lets users without privileges filter what their sockets hear."""
    if sys.platform != "linux":
        return False
    with socket.socket() as one:
        try:
            drop_all(one)
        except PermissionError:
            return False
    return True


can_drop = may_drop()


class Proxy:
    """A port in front of a server's port. All methods may be called from any thread; they return when it is done."""

    def __init__(self, port_behind: int) -> None:
        self.port_behind = port_behind
        self.port = servers.free_port()
        self.muted = False
        self.clients: set[Client] = set()
        self.loop = asyncio.new_event_loop()
        self._cut: tuple[bytes, str, bool] | None = None
        self._thread = threading.Thread(target=self.loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.listen()

    def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def _call(self, work: Callable[[], Any]) -> None:
        async def call() -> None:
            work()

        self._there(call())

    def listen(self) -> None:
        """Take connections."""

        async def listen() -> None:
            self._listener = await self.loop.create_server(lambda: Client(self), servers.LOCALHOST, self.port)

        self._there(listen())

    def refuse(self) -> None:
        """Take no connections; those there are stay."""
        self._call(self._listener.close)

    def cut(self, how: str) -> None:
        """End all connections: ``close`` or ``reset``."""

        def cut() -> None:
            for client in tuple(self.clients):
                client.cut(how)

        self._call(cut)

    def cut_at(self, text: bytes, how: str, *, answered: bool = False) -> None:
        """End the next connection that sends ``text``: before the server has it, or instead of its answer."""
        self._cut = text, how, answered

    def take_cut(self, data: bytes) -> tuple[str, bool] | None:
        """Say how, and whether after its answer, a request is to be cut; once."""
        if self._cut is None or self._cut[0] not in data:
            return None
        (_, how, answered), self._cut = self._cut, None
        return how, answered

    @property
    def cut_is_over(self) -> bool:
        """Whether what ``cut_at`` waits for has come."""
        return self._cut is None

    def mute(self, *, new: bool = True) -> None:
        """Take requests and answer nothing, on the connections there are and on ``new`` ones."""

        def mute() -> None:
            self.muted = new
            for client in self.clients:
                client.forgotten = True

        self._call(mute)

    def drop(self, *, new: bool = True) -> None:
        """Drop all packets of the connections there are, and (``new``) of those who want to connect. Linux only."""

        def drop() -> None:
            for client in self.clients:
                client.drop()
            if new:
                for listener in self._listener.sockets:
                    drop_all(listener)

        self._call(drop)

    def heal(self) -> None:
        """Serve new connections again. Those that were muted or dropped stay as they are: the network forgot them.

        Of these the server's ends are ended, as its own keepalives would do in time.
        """

        def forget() -> None:
            self.muted = False
            for client in self.clients:
                if client.forgotten:
                    client.leave_server()

        self.refuse()
        self._call(forget)
        self.listen()

    def stop(self) -> None:
        """End everything."""
        self.refuse()

        async def end() -> None:
            while self.clients or len(asyncio.all_tasks()) > 1:  # one that was being accepted comes a moment later
                for client in tuple(self.clients):
                    client.cut("reset")
                tasks = asyncio.all_tasks() - {asyncio.current_task()}
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.sleep(0)
            await asyncio.sleep(0)  # the servers' ends close their sockets

        with contextlib.suppress(concurrent.futures.CancelledError):
            self._there(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


@contextlib.contextmanager
def proxy(port_behind: int) -> Iterator[Proxy]:
    """A proxy before a server on this machine."""
    made = Proxy(port_behind)
    try:
        yield made
    finally:
        made.stop()
