"""Every Python block of README.md and docs/ is checked by pyright, page by page, as a newcomer's editor would.

What a page is excused from stands in ``EXCUSED``, with the reason. One thing is excused everywhere: an attribute that
the page itself makes by ``related_name``, ``annotate()``, ``to_attr`` and the like, which a class has to declare for
type checkers (docs/models.md, "Types"), and examples leave out for brevity.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.docs.test_readme import PAGES, blocks

TITLED = re.compile(r'^```python title="([^"]+)"[^\n]*\n(.*?)^```', re.MULTILINE | re.DOTALL)
MADE = re.compile(r'related_name="(\w+)"|to_attr="(\w+)"|(\w+)=(?:Count|Sum|Window|Subquery|Case|Value|F)\(')
ATTRIBUTE = re.compile(r'attribute "(\w+)"')


class Excuse(NamedTuple):
    """A rule of pyright's, and why a page breaks it."""

    rule: str
    why: str


EXCUSED: dict[str, list[Excuse]] = {
    "frameworks.md": [
        Excuse("reportInvalidTypeForm", "a schema made from a model is a type at run time only"),
        Excuse("reportArgumentType", "Litestar and httpx describe an ASGI application by types that don't meet"),
    ],
    "legacy.md": [Excuse("reportMissingImports", "django is there once install() was called, and has no stubs")],
    "testing.md": [
        Excuse("reportPrivateImportUsage", "factory_boy says it has types, and does not say what it exports"),
        Excuse(
            "reportIncompatibleVariableOverride", "factory_boy's own Meta is a class that no other Meta inherits from"
        ),
    ],
    "workers.md": [
        Excuse("reportFunctionMemberAccess", "Celery has no types, and its decorator seems to give a function")
    ],
}


def programs(page: Path) -> Iterator[tuple[str, str]]:
    """The files that a page makes: those with a title, and one of all other blocks."""
    files: dict[str, str] = {}
    for title, text in TITLED.findall(page.read_text(encoding="utf-8")):
        files.setdefault(title, text)  # later blocks of the same title are a line of it
    if together := blocks(page):
        files["page.py"] = "\n\n".join(together)
    yield from files.items()


WITH_PYTHON = [page for page in PAGES if dict(programs(page))]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What pyright says, by page."""
    folder = tmp_path_factory.mktemp("pages")
    for page in WITH_PYTHON:
        for title, text in programs(page):
            path = folder / page.stem / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    environment = Path(sys.prefix)
    settings = {
        "venvPath": str(environment.parent),
        "venv": environment.name,
        "typeCheckingMode": "standard",
        "executionEnvironments": [{"root": page.stem} for page in WITH_PYTHON],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--project", str(folder), "--outputjson"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=600).stdout)
    assert said["summary"]["filesAnalyzed"] >= len(WITH_PYTHON)
    by_page: dict[str, list[Any]] = {page.stem: [] for page in WITH_PYTHON}
    for one in said["generalDiagnostics"]:
        by_page[Path(one["file"]).relative_to(folder).parts[0]].append(one)
    return by_page


def is_excused(page: Path, one: Any) -> bool:
    if one["rule"] in {excuse.rule for excuse in EXCUSED.get(page.name, ())}:
        return True
    attribute = ATTRIBUTE.search(one["message"])
    made = {name for names in MADE.findall(page.read_text(encoding="utf-8")) for name in names if name}
    return one["rule"] == "reportAttributeAccessIssue" and attribute is not None and attribute[1] in made


@pytest.fixture(autouse=True)
def page_as_published(page: Path | str) -> None:
    """The page on legacy programs is written for an environment without Django, which ``make bench`` installs."""
    if Path(page).name == "legacy.md" and importlib.util.find_spec("django") is not None:
        pytest.skip("Django is installed here, whose own code is then what pyright looks at")


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_a_page_has_the_types_it_says(page: Path, found: dict[str, list[Any]]) -> None:
    wrong = [one for one in found[page.stem] if one["severity"] == "error" and not is_excused(page, one)]
    told = [f"{one['file']}:{one['range']['start']['line'] + 1}: {one['message']} ({one['rule']})" for one in wrong]
    assert told == []


@pytest.mark.parametrize("page", sorted(EXCUSED))
def test_an_excuse_is_needed(page: str, found: dict[str, list[Any]]) -> None:
    rules = {one.get("rule") for one in found[Path(page).stem]}
    assert {excuse.rule for excuse in EXCUSED[page]} <= rules
