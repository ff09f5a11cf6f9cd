"""Between a client and a server: passes on what they say, notes it, and may fall silent without telling anyone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


class Relay:
    """Listens on ``port``; ``heard`` is all that clients have said.

    ``at`` is the port to listen on, as that of a relay which was closed; 0 means any that is free.
    """

    def __init__(self, host: str, port: int, at: int = 0) -> None:
        self.heard = bytearray()
        self._server = (host, port)
        self._silent = threading.Event()
        self._closing = ExitStack()
        self._listener = self._closing.enter_context(socket.create_server(("127.0.0.1", at)))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed, at the end of the test
            while True:
                client = self._closing.enter_context(ended(self._listener.accept()[0]))
                server = self._closing.enter_context(ended(socket.create_connection(self._server)))
                for ends in ((client, server, self.heard), (server, client, None)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, notes: bytearray | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if notes is not None:
                    notes += data
                if not self._silent.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def fall_silent(self) -> None:
        """Swallow everything from now on."""
        self._silent.set()

    def close(self) -> None:
        """End it, and the conversations that go through it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._closing.close()


@contextmanager
def ended(conversation: socket.socket) -> Iterator[socket.socket]:
    """End a conversation at last, for the thread that waits in it too: closing alone would leave that where it is."""
    with conversation:
        yield conversation
        with suppress(OSError):  # it has ended
            conversation.shutdown(socket.SHUT_RDWR)
