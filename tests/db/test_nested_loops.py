"""A loop that runs inside another, as nest_asyncio makes possible in notebooks: joined, left, and quiet at its end."""

from __future__ import annotations

import pytest

from orm.db.database_blocking import Database
from tests.db.sessions import Program

pytest.importorskip("nest_asyncio")

SOURCE = """
    import asyncio, gc, sys, time
    import nest_asyncio
    import orm
    from orm.db import atomic, databases

    orm.configure(sys.argv[1])
    db = databases["default"]
    print("ready", time.monotonic(), flush=True)

    async def add(n):
        await db.execute(f"INSERT INTO things VALUES ({n}, 0)")

    async def numbers():
        for (n,) in await db.fetch("SELECT id FROM things ORDER BY id"):
            yield n

    async def numbers_in_a_block():
        async with atomic():
            async for n in numbers():
                yield n

    async def a_block_around_a_nested_run():
        async with atomic():
            await add(2)
            asyncio.run(add(3))
            raise LookupError

    async def generators_left_half_way():
        async for _ in numbers():
            break
        async for _ in numbers_in_a_block():
            break
        await add(4)
        gc.collect()
        await asyncio.sleep(0)
        await add(5)

    async def main():
        nest_asyncio.apply()
        asyncio.run(add(1))
        try:
            await a_block_around_a_nested_run()
        except LookupError:
            pass
        await generators_left_half_way()
        asyncio.run(generators_left_half_way_again())
        print([n async for n in numbers()])

    async def generators_left_half_way_again():
        async for _ in numbers_in_a_block():
            break
        await add(6)

    asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)
def test_nested_runs_join_the_block_around_them_and_keep_what_they_say_they_keep(db: Database, url: str) -> None:
    program = Program(SOURCE, url, "")
    assert program.end() == ("[1, 4, 5, 6]\n", "")
    assert program.status == 0
