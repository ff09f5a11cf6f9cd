"""Long answers that leave in pieces, while the database still reads.

A reader may leave half way. What an answer holds open (a template, a query with its connection) is then closed from the
outside in and at once, not when the collector comes by.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Send

PIECE = 32_768
"""Characters that leave together."""

T = TypeVar("T")


class PiecesResponse(StreamingResponse):
    """A streaming response that closes its generator however it ends."""

    def __init__(self, pieces: AsyncGenerator[str, None], media_type: str) -> None:
        super().__init__(pieces, media_type=media_type)
        self.pieces = pieces

    async def stream_response(self, send: Send) -> None:
        """Send the pieces; when the reader has left, closing is not cancelled along with sending."""
        try:
            await super().stream_response(send)
        finally:
            with anyio.CancelScope(shield=True):
                await self.pieces.aclose()


async def in_pieces(parts: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """Join small parts, so that a page of a million parts is not a million writes to the socket.

    Between pieces the others have their turn: rows come by the thousand, and rendering them is all processor.
    """
    waiting: list[str] = []
    size = 0
    async with aclosing(parts):
        async for part in parts:
            waiting.append(part)
            size += len(part)
            if size >= PIECE:
                yield "".join(waiting)
                waiting, size = [], 0
                await asyncio.sleep(0)
        yield "".join(waiting)


async def in_lists(rows: AsyncGenerator[T, None], size: int = 200) -> AsyncGenerator[list[T], None]:
    """Rows by the list: a template renders a list at one go, where every part of a single row would be a step."""
    waiting: list[T] = []
    async with aclosing(rows):
        async for row in rows:
            waiting.append(row)
            if len(waiting) == size:
                yield waiting
                waiting = []
        yield waiting
