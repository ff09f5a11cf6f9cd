"""Reading installed packages: what is odd in metadata or source ends as data, never as an exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrations_demo import collect

METADATA = """\
Metadata-Version: 2.1
Name: Odd.Package_One
Version: 1.0
Summary: A summary\twith   spaces
Author: Ada Lovelace, Charles Babbage
Author-email: "Lovelace, Ada" <ada@example.org>, charles@example.org
Home-page: javascript:alert(1)
Project-URL: Source, https://example.org/source
Classifier: Framework :: AsyncIO
Classifier: Framework :: AsyncIO
Requires-Dist: Needed_Thing (>=1.0) ; extra == 'more'
Requires-Dist: other[fast]>=2,<3; python_version < "4"
Requires-Dist: ???
"""

SOURCE = '''\
"""What the module says.

More of it.
"""

class Outer:
    @property
    def plain(self, /, a, *rest, key=1, **others):
        """Says something."""
        async def inner(): ...
        return inner

if True:
    async def guarded(): ...
'''


def install(directory: Path, name: str, metadata: str, files: dict[str, bytes]) -> None:
    """Lay out a package as an installer would."""
    info = directory / f"{name}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(metadata)
    for path, content in files.items():
        (directory / path).parent.mkdir(exist_ok=True)
        (directory / path).write_bytes(content)
    lines = [f"{path},sha256=AAAA,{len(content)}" for path, content in files.items()]
    (info / "RECORD").write_text("\n".join([*lines, *lines, "odd/gone.py,,10", "../../bin/odd.py,,3"]))


@pytest.fixture
def packages(tmp_path: Path) -> list[collect.FoundPackage]:
    """Two packages: one odd, one without a name."""
    files = {
        "odd/__init__.py": SOURCE.encode(),
        "odd/broken.py": b"def (:\n",
        "odd/zeros.py": b"x = 1\x00\n",
        "odd/latin.py": b"# coding: nonsense\n",
        "odd/data.json": b"{}",
    }
    install(tmp_path, "odd", METADATA, files)
    install(tmp_path, "nameless", "Metadata-Version: 2.1\nVersion: 1\n", {})
    found = collect.read_packages([str(tmp_path)])
    sources, left_out = collect.choose_sources(found, None)
    assert not left_out
    collect.read_modules(sources, lambda count: None, workers=1)
    return found


def test_a_package_is_read_with_all_that_its_metadata_says(packages: list[collect.FoundPackage]) -> None:
    (package,) = packages
    assert (package.name, package.slug, package.version) == ("Odd.Package_One", "odd-package-one", "1.0")
    assert package.summary == "A summary with spaces"
    assert package.home_page == "https://example.org/source"
    assert package.classifiers == ["Framework :: AsyncIO"]
    assert ("Lovelace, Ada", "ada@example.org") in package.authors
    assert ("Charles Babbage", "") in package.authors
    assert [(wanted.name, wanted.specifier, wanted.extra) for wanted in package.requirements] == [
        ("needed-thing", ">=1.0", "more"),
        ("other", ">=2,<3", ""),
    ]


def test_files_are_listed_once_with_size_and_digest(packages: list[collect.FoundPackage]) -> None:
    files = {file.path: file for file in packages[0].files}
    assert len(files) == len(packages[0].files) == 7
    assert files["odd/data.json"].digest == b"\x00\x00\x00"
    assert files["odd/data.json"].source is None
    assert files["../../bin/odd.py"].source is None


def test_functions_wherever_they_stand(packages: list[collect.FoundPackage]) -> None:
    modules = {file.path: file.module for file in packages[0].files if file.module}
    module = modules["odd/__init__.py"]
    assert (module.name, module.summary, module.lines) == ("odd", "What the module says.", 14)
    assert [(found.qualname, found.line, found.is_async, found.is_method) for found in module.functions] == [
        ("Outer.plain", 8, False, True),
        ("Outer.plain.<locals>.inner", 10, True, False),
        ("guarded", 14, True, False),
    ]
    assert (module.functions[0].arguments, module.functions[0].decorators) == (5, ["property"])
    assert module.functions[0].summary == "Says something."


def test_what_can_not_be_read_is_a_problem_in_words(packages: list[collect.FoundPackage]) -> None:
    modules = {file.path: file.module for file in packages[0].files if file.module}
    for path in ("odd/broken.py", "odd/zeros.py", "odd/latin.py", "odd/gone.py"):
        assert modules[path].problem, path
        assert modules[path].functions == []


def test_a_budget_leaves_out_the_largest(packages: list[collect.FoundPackage]) -> None:
    (package,) = packages
    small = collect.FoundPackage(
        **{name: getattr(package, name) for name in package.__slots__ if name != "files"}, files=package.files[:1]
    )
    chosen, left_out = collect.choose_sources([package, small], small.source_size)
    assert chosen == package.files[:1]
    assert left_out == [package]


def test_text_that_databases_refuse_is_mended() -> None:
    assert collect.clean("a\x00b\ud800  c\n", 100) == "ab? c"
    assert collect.clean(None, 5) == ""
    assert collect.clean("abcdefgh", 3) == "abc"
