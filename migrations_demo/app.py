"""The catalogue as a web application: Starlette, awaitable views, HTML for people and JSON for programs.

The templates are rendered by Jinja in its async mode with escaping on, so a template may loop over a streaming query;
the long pages leave the database and the template in pieces and are never whole in memory.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from migrations_demo import queries
from migrations_demo.models import Classifier, Distribution, File, Function, Module
from migrations_demo.streams import PiecesResponse, in_lists, in_pieces
from orm.errors import DataError
from orm.models import Count

templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    enable_async=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def show_number(value: float | None) -> str:
    """``12345`` as ``12,345``; nothing for None."""
    return "" if value is None else f"{value:,.0f}"


def show_size(value: float | None) -> str:
    """Bytes as people write them."""
    if value is None:
        return ""
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value = float(value) / 1000
    return f"{value:,.1f} GB"


templates.filters.update(number=show_number, size=show_size)


async def page(name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template to a response."""
    return HTMLResponse(await templates.get_template(name).render_async(context), status)


def streamed_page(name: str, rows: AsyncGenerator[Any, None], **context: Any) -> PiecesResponse:
    """Render a template, which finds its rows in ``lists``, piece by piece while the query still runs."""

    async def parts() -> AsyncGenerator[str, None]:
        async with aclosing(in_lists(rows)) as lists:
            async for part in templates.get_template(name).generate_async(context, lists=lists):
                yield part

    return PiecesResponse(in_pieces(parts()), "text/html")


def encode(value: Any) -> Any:
    """JSON for what JSON does not know."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def json_response(content: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(json.dumps(content, default=encode), status, media_type="application/json")


# -- pages -------------------------------------------------------------------------------------------------------------


async def front_page(request: Request) -> Response:
    """What there is, and where to begin."""
    return await page(
        "front.html",
        counts=await queries.count_rows(),
        required=await queries.most_required(),
        viewed=await queries.most_viewed(),
        report=await queries.latest_report(),
    )


async def search_page(request: Request) -> Response:
    """Search results."""
    return await page("search.html", result=await read_search(request))


async def package_page(request: Request) -> Response:
    """One package."""
    return await page("package.html", details=await find_package(request))


async def files_page(request: Request) -> Response:
    """All files of a package, streamed, each with the number of its functions."""
    distribution = await Distribution.objects.filter(slug=request.path_params["slug"]).afirst()
    if distribution is None:
        raise HTTPException(404, f"No package named {request.path_params['slug']} is installed here.")
    files = File.objects.filter(version__distribution=distribution)
    counted = files.annotate(function_count=Count("module__functions")).order_by("path", "pk")
    return streamed_page("files.html", counted.aiterator(chunk_size=1000), distribution=distribution)


async def module_page(request: Request) -> Response:
    """One module with its functions."""
    try:
        return await page("module.html", **await queries.open_module(request.path_params["pk"]))
    except (Module.DoesNotExist, DataError):  # a number that no integer column can hold is a DataError
        raise HTTPException(404, "There is no such module.") from None


async def functions_page(request: Request) -> Response:
    """Every function in the catalogue on one page, streamed."""
    shown = ("qualname", "line", "is_async", "module__name")
    functions = Function.objects.select_related("module").only(*shown).order_by("pk").aiterator(chunk_size=1000)
    return streamed_page("functions.html", functions)


async def statistics_page(request: Request) -> Response:
    """Figures over everything."""
    return await page("statistics.html", counts=await queries.count_rows(), **await queries.statistics())


async def error_page(request: Request, error: Exception) -> Response:
    """What went wrong, as a page or as JSON, by where it happened."""
    status, text = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "Something failed.")
    if request.url.path.startswith("/api/"):
        return json_response({"error": text}, status)
    return await page("error.html", status, code=status, text=text)


# -- the same as JSON --------------------------------------------------------------------------------------------------


async def search_json(request: Request) -> Response:
    """Search results."""
    result = await read_search(request)
    return json_response(
        {
            "search": result.text,
            "page": result.page,
            "pages": result.pages,
            "total": result.total,
            "packages": [
                {"name": found.name, "slug": found.slug, "summary": found.summary, "files": found.file_count}
                for found in result.packages
            ],
            "functions": [
                {
                    "name": found.qualname,
                    "line": found.line,
                    "module": found.module.name,
                    "package": found.module.version.distribution.slug,
                }
                for found in result.functions
            ],
        }
    )


async def package_json(request: Request) -> Response:
    """One package."""
    details = await find_package(request)
    found = details.distribution
    return json_response(
        {
            "name": found.name,
            "slug": found.slug,
            "summary": found.summary,
            "license": found.license,
            "home_page": found.home_page,
            "authors": [{"name": person.name, "email": person.email} for person in found.authors.all()],
            "classifiers": [classifier.text for classifier in found.classifiers.all()],
            "versions": [
                {
                    "number": version.number,
                    "location": version.location,
                    "installed_at": version.installed_at,
                    "files": version.file_count,
                    "size": version.size,
                    "requirements": [
                        {"name": wanted.name, "specifier": wanted.specifier, "extra": wanted.extra}
                        for wanted in version.requirements.all()
                    ],
                }
                for version in details.versions
            ],
            "dependants": [dependant.slug for dependant in details.dependants],
            "files": [file.path for file in details.files],
            "file_count": details.file_count,
        }
    )


async def statistics_json(request: Request) -> Response:
    """Figures over everything."""
    figures = await queries.statistics()
    report = await queries.latest_report()
    return json_response(
        {
            "rows": await queries.count_rows(),
            "functions": figures["functions"],
            "topics": figures["topics"],
            "suffixes": figures["suffixes"],
            "asyncs": [
                {"package": found.slug, "functions": found.functions, "async": found.asyncs}
                for found in figures["asyncs"]
            ],
            "report": None if report is None else {"title": report.title, "ran_at": report.ran_at, "pk": report.pk},
        }
    )


async def functions_json(request: Request) -> Response:
    """Every function, one JSON object a line, streamed."""
    rows = Function.objects.order_by("pk").values("pk", "qualname", "line", "is_async", "decorators")

    async def lines() -> AsyncGenerator[str, None]:
        async with aclosing(rows.aiterator(chunk_size=1000)) as stream:
            async for row in stream:
                yield json.dumps(row) + "\n"

    return PiecesResponse(in_pieces(lines()), "application/jsonl")


def topics_json(request: Request) -> Response:
    """Classifiers by topic. A blocking view, which Starlette runs in a worker thread: blocking forms work there."""
    topics: dict[str, list[str]] = {}
    for topic, text in Classifier.objects.order_by("text").values_list("topic", "text"):
        topics.setdefault(topic, []).append(text)
    return json_response(topics)


# -- what the views share ----------------------------------------------------------------------------------------------


async def read_search(request: Request) -> queries.SearchResult:
    """Run the search that a request asks for."""
    text = request.query_params.get("q", "").replace("\x00", "").strip()[:100]
    number = request.query_params.get("page", "1")
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:7]) <= 100_000):
        raise HTTPException(400, "The page must be a number from 1 to 100000.")
    return await queries.search(text, int(number))


async def find_package(request: Request) -> queries.PackageDetails:
    """The package that a request names, or a 404."""
    slug = request.path_params["slug"]
    try:
        return await queries.open_package(slug)
    except Distribution.DoesNotExist:
        raise HTTPException(404, f"No package named {slug} is installed here.") from None


app = Starlette(
    routes=[
        Route("/", front_page),
        Route("/search", search_page),
        Route("/packages/{slug}", package_page),
        Route("/packages/{slug}/files", files_page),
        Route("/modules/{pk:int}", module_page),
        Route("/functions", functions_page),
        Route("/statistics", statistics_page),
        Route("/api/search", search_json),
        Route("/api/packages/{slug}", package_json),
        Route("/api/statistics", statistics_json),
        Route("/api/functions", functions_json),
        Route("/api/topics", topics_json),
    ],
    exception_handlers={HTTPException: error_page, 500: error_page},
)
