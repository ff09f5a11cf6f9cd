"""One growth check in a process of its own: ``python -m benchmarks.probe NAME …`` prints one JSON object.

Memory is the peak resident size the kernel saw, so a list that was built and dropped counts too.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, Final

WARM: Final = 30_000


def peak() -> int:
    """The most memory the process has had, in kilobytes (Linux; macOS says bytes)."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size // 1024 if sys.platform == "darwin" else size


def best(work: Callable[[], Any], times: int = 200) -> float:
    """The least microseconds one run of ``work`` took."""
    least = float("inf")
    for _ in range(times):
        start = time.perf_counter_ns()
        work()
        least = min(least, (time.perf_counter_ns() - start) / 1_000)
    return least


def chaining(url: str) -> dict[str, Any]:
    """Microseconds for one more ``filter`` after 4 and after 40 of them, every shape being known."""
    duotone = load_duotone(url)

    def chain(length: int) -> Any:
        found = duotone.Author.objects.all()
        for number in range(length):
            found = found.filter(age__gt=number)
        return found

    short, long = chain(4), chain(40)
    return {"short": best(lambda: short.filter(age__gt=1)), "long": best(lambda: long.filter(age__gt=1))}


def shapes(url: str, count: str) -> dict[str, Any]:
    """Growth of the peak while ``count`` queries, each of a shape of its own, are built and compiled."""
    duotone = load_duotone(url)

    def build(start: int, stop: int) -> None:
        for number in range(start, stop):
            older = {f"x{number}": duotone.models.F("age") + 1}
            text = str(duotone.Author.objects.annotate(**older).filter(age__gt=3).query)
            assert f"x{number}" in text, text

    total = int(count)
    build(0, total // 10)
    gc.collect()
    before, start = peak(), time.perf_counter()
    build(total // 10, total)
    micros = (time.perf_counter() - start) / (total - total // 10) * 1e6
    return {"kilobytes": peak() - before, "micros": micros}


def streaming(url: str, colour: str) -> dict[str, Any]:
    """Growth of the peak over a stream of the whole ``bench_entry`` table, after a tenth of it."""
    duotone = load_duotone(url)

    def blocking(queryset: Any) -> int:
        return sum(entry.amount >= 0 for entry in queryset.iterator())

    async def awaitable(queryset: Any) -> int:
        seen = 0
        async for entry in queryset.aiterator():
            seen += entry.amount >= 0
        return seen

    with asyncio.Runner() as runner:

        def run(queryset: Any) -> int:
            return runner.run(awaitable(queryset)) if colour == "async" else blocking(queryset)

        run(duotone.Entry.objects.filter(id__lte=WARM))
        gc.collect()
        before, start = peak(), time.perf_counter()
        rows = run(duotone.Entry.objects.all())
        return {"kilobytes": peak() - before, "rows": rows, "seconds": time.perf_counter() - start}


def inheriting(url: str) -> dict[str, Any]:
    """Microseconds of the processor for a get of each kind, taken in turn: the least of many."""
    duotone = load_duotone(url)
    duotone.Writer.objects.get(pk=1)
    best_of = {"inherited": float("inf"), "joined": float("inf")}
    for _ in range(60):
        for kind in best_of:
            start = time.process_time_ns()
            for key in range(1, 101):
                if kind == "inherited":
                    duotone.Writer.objects.get(pk=key)
                else:
                    duotone.Book.objects.select_related("author").get(pk=key)
            best_of[kind] = min(best_of[kind], (time.process_time_ns() - start) / 100_000)
    return best_of


def load_duotone(url: str) -> Any:
    """The benchmark's models, configured; imported only by the probes that use them."""
    import orm
    from benchmarks.competitors import duotone_models as duotone

    orm.configure(url)
    return duotone


PROBES: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "chaining": chaining,
    "shapes": shapes,
    "streaming": streaming,
    "inheriting": inheriting,
}

if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])))
