"""Visitors: asks the running application over HTTP, many requests at once, and checks every answer.

Some visitors are rude, as in life: they ask for what is not there, and leave a long page half way.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

WORDS = ("py", "test", "async", "http", "data", "parse", "a", "the", "zzzz", "50%_'\"<b>", "Ada")
"""What visitors search for."""


@dataclass(frozen=True)
class Visit:
    """One request: what kind it is counted under, and the status that is right."""

    kind: str
    path: str
    status: int = 200
    blocking: bool = False
    abandon: bool = False


@dataclass
class Outcome:
    """All answers: milliseconds by kind, what went wrong, and what the streamed answers held."""

    times: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    opened_packages: int = 0
    streamed_rows: int = 0

    @property
    def requests(self) -> int:
        """How many answers there are."""
        return sum(map(len, self.times.values()))

    def lines(self) -> Iterator[tuple[str, int, float, float]]:
        """(kind, requests, median ms, slowest ms)."""
        for kind, times in sorted(self.times.items()):
            yield kind, len(times), statistics.median(times), max(times)


def plan_visits(slugs: Sequence[str], count: int) -> list[Visit]:
    """About ``count`` visits, most of them to packages; the few slow ones are spread among them."""
    quick: list[Visit] = []
    for number in range(count):
        slug = slugs[number * number % len(slugs)]  # squares crowd on few remainders: some packages are in demand
        if number % 10 < 5:
            quick.append(Visit("package page", f"/packages/{quote(slug)}"))
        elif number % 10 == 5:
            quick.append(Visit("package as JSON", f"/api/packages/{quote(slug)}"))
        elif number % 10 == 6:
            quick.append(Visit("module page", f"/modules/{number + 1}"))
        else:
            word = WORDS[number // 10 % len(WORDS)]
            path = "/api/search" if number % 2 else "/search"
            quick.append(Visit("search", f"{path}?q={quote(word)}&page={1 + number % 3}"))
    slow = [
        *[Visit("front page", "/")] * 10,
        *[Visit("statistics", "/statistics")] * 2,
        Visit("statistics", "/api/statistics"),
        *[Visit("files, streamed", f"/packages/{quote(slug)}/files") for slug in slugs[:8]],
        *[Visit("topics (blocking view)", "/api/topics", blocking=True)] * 10,
        Visit("every function, streamed", "/functions"),
        Visit("every function as JSON", "/api/functions"),
        *[Visit("stream left half way", "/functions", abandon=True)] * 3,
        *[Visit("not there", "/packages/no-such-package", 404)] * 3,
        Visit("not there", "/api/packages/no-such-package", 404),
        Visit("not there", f"/modules/{2**40}", 404),
        Visit("bad page number", "/search?q=x&page=minus-one", 400),
    ]
    visits = list(quick)
    gap = max(1, len(quick) // len(slow))
    for place, visit in enumerate(slow):
        visits.insert(place * (gap + 1), visit)
    return visits


def visit(address: str, visits: Sequence[Visit], at_once: int) -> Outcome:
    """``visit_all`` as a plain call, for a process of the visitors' own."""
    return asyncio.run(visit_all(address, visits, at_once))


async def visit_all(address: str, visits: Sequence[Visit], at_once: int) -> Outcome:
    """Make every visit, ``at_once`` of them at a time."""
    outcome = Outcome()
    waiting = iter(visits)
    started = time.perf_counter()
    async with httpx.AsyncClient(base_url=address, timeout=60.0, trust_env=False) as client:

        async def visitor() -> None:
            for visit in waiting:
                await make_visit(client, visit, outcome)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(visitor())
    outcome.seconds = time.perf_counter() - started
    return outcome


async def make_visit(client: httpx.AsyncClient, visit: Visit, outcome: Outcome) -> None:
    """One request; whatever is wrong with the answer is noted, so that the other visitors go on."""
    started = time.perf_counter()
    try:
        async with client.stream("GET", visit.path) as response:
            if visit.abandon:
                async for _ in response.aiter_bytes():
                    break
                body = ""
            else:
                body = (await response.aread()).decode()
        problem = find_problem(visit, response, body)
    except (httpx.HTTPError, UnicodeDecodeError) as error:
        problem = f"{type(error).__name__}: {error}"
    else:
        if visit.kind in ("package page", "package as JSON"):
            outcome.opened_packages += 1
        if visit.kind == "every function as JSON":
            outcome.streamed_rows = body.count("\n")
    outcome.times.setdefault(visit.kind, []).append(1000 * (time.perf_counter() - started))
    if problem:
        outcome.problems.append(f"{visit.path}: {problem}")


def find_problem(visit: Visit, response: httpx.Response, body: str) -> str:
    """What is wrong with an answer, or nothing."""
    if response.status_code != visit.status:
        return f"status {response.status_code}, not {visit.status}"
    if visit.abandon:
        return ""
    kind = response.headers["content-type"].partition(";")[0]
    if kind == "text/html":
        if not body.rstrip().endswith("</html>"):
            return "the page is not whole"
        return "a search was not escaped" if "<b>" in body.partition("<main>")[2].partition("figures")[0] else ""
    try:
        for line in body.splitlines() if kind == "application/jsonl" else [body]:
            json.loads(line)
    except ValueError as error:
        return f"not JSON: {error}"
    return ""
