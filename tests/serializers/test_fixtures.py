"""Fixtures: dumped, found by name, loaded all or nothing, and the keys that come after."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orm
from orm.errors import ImproperlyConfigured, IntegrityError
from orm.models.signals import post_save
from orm.serializers.dumping import Dump, ProxyModelWarning
from orm.serializers.files import FixtureError
from orm.serializers.loading import Load
from tests.counting import Queries
from tests.serializers.models import Essay, Note, Topic, Writer


@pytest.fixture(autouse=True)
def one_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app of this folder is the only one installed, and there is a folder of fixtures."""
    (tmp_path / "fixtures").mkdir()
    monkeypatch.chdir(tmp_path)
    orm.configure(installed_apps=["tests.serializers"], fixture_dirs=[str(tmp_path / "fixtures")])
    yield
    orm.configure(installed_apps=[], fixture_dirs=[])


def dumped(*labels: str, **options: Any) -> Any:
    stream = io.StringIO()
    Dump(labels, **options).write(stream)
    return json.loads(stream.getvalue())


def put(name: str, objects: Any) -> None:
    Path("fixtures", name).write_text(json.dumps(objects), encoding="utf-8")


def writers(count: int) -> list[Any]:
    return [{"model": "serializers.writer", "pk": n, "fields": {"name": f"w{n}"}} for n in range(1, count + 1)]


def topics(count: int) -> list[Any]:
    return [{"model": "serializers.topic", "pk": n, "fields": {"word": f"t{n}"}} for n in range(1, count + 1)]


def test_a_dump_is_loaded_again(database: Any) -> None:
    put("start.json", [*writers(2), *topics(3)])
    assert Load().load("start").loaded == 5
    essay = Essay.objects.create(title="x", writer_id=1)
    essay.topics.set([1, 3])
    everything = dumped()
    assert [one["model"].partition(".")[2] for one in everything] == ["writer"] * 2 + ["topic"] * 3 + ["essay"]
    put("all.json", everything)
    for model in (Essay, Topic, Writer):
        model.objects.all().delete()
    Load().load("all.json")
    assert dumped() == everything
    Load().load("all.json")  # what is there already is replaced
    assert dumped() == everything


def test_models_are_chosen_and_left_out(database: Any) -> None:
    put("start.json", [*writers(1), *topics(2)])
    Load().load("start")
    Topic.objects.filter(pk=1).update(hidden=True)
    assert [one["pk"] for one in dumped("serializers.Topic")] == [2]
    assert [one["pk"] for one in dumped("serializers.Topic", every=True)] == [1, 2]
    assert [one["pk"] for one in dumped("serializers.Topic", every=True, keys=["1"])] == [1]
    assert {one["model"] for one in dumped(exclude=["serializers.Topic"])} == {"serializers.writer"}
    assert dumped(exclude=["serializers"]) == []
    with pytest.warns(ProxyModelWarning, match="Note is a proxy model"):
        assert dumped(Note._meta.label) == []
    for wrong, said in (
        (Dump(["nowhere"]), "No installed app with label 'nowhere'"),
        (Dump(["serializers.Nothing"]), "Unknown model: serializers.Nothing"),
        (Dump(exclude=["nowhere"]), "No installed app with label 'nowhere'"),
        (Dump(format="jason"), "Unknown serialization format: jason"),
        (Dump(["serializers"], keys=["1"]), "only use --pks option with one model"),
    ):
        with pytest.raises(FixtureError, match=said):
            wrong.write(io.StringIO())


def test_files_are_compressed_as_their_name_says(database: Any) -> None:
    put("start.json", topics(2))
    Load().load("start")
    for extension in ("gz", "bz2", "xz", "lzma"):
        Dump().write_file(f"out.json.{extension}")
        Topic.objects.all().delete()
        assert Load().load(f"out.json.{extension}").loaded == 2
    with gzip.open("out.json.gz", "rt") as file:
        assert len(json.load(file)) == 2
    with pytest.warns(RuntimeWarning, match=r"Unsupported file extension \(.zip\). Fixtures saved in 'out.json'"):
        Dump().write_file("out.json.zip")
    with zipfile.ZipFile("packed.json.zip", "w") as archive:
        archive.write("out.json", "packed.json")
    assert Load().load("packed.json.zip").loaded == 2
    with pytest.raises(FixtureError, match="Unknown serialization format"):
        Dump(format="jason").write_file("never.json")
    assert not Path("never.json").exists()


def test_fixtures_are_found_by_name(database: Any, tmp_path: Path) -> None:
    put("start.json", topics(1))
    put("only.default.json", topics(1))
    put("only.other.json", topics(2))
    assert Load().load("only").loaded == 1
    assert Load().load(str(tmp_path / "fixtures" / "start.json")).loaded == 1
    Path("fixtures", "start.jsonl").write_text("", encoding="utf-8")
    for name, said in (
        ("start", "Multiple fixtures named 'start' in"),
        ("missing", "No fixture named 'missing' found."),
        ("start.unkn", "Problem installing fixture 'start': unkn is not a known serialization format."),
        ("-", "--format must be specified when reading from stdin."),
    ):
        with pytest.raises(FixtureError, match=said):
            Load().load(name)
    with pytest.warns(RuntimeWarning, match="No fixture data found for 'start'"):
        Load().load("start.jsonl")
    with pytest.raises(FixtureError, match="No database fixture specified"):
        Load().load()
    orm.configure(fixture_dirs=["a", "a"])
    with pytest.raises(ImproperlyConfigured, match="contains duplicates"):
        Load().load("start")


def test_a_fixture_that_fails_leaves_nothing(database: Any) -> None:
    put("wrong.json", [*topics(3), *writers(2), {"model": "serializers.writer", "pk": 3, "fields": {"name": "w1"}}])
    with pytest.raises(IntegrityError, match=r"wrong.json'.*Could not load serializers.Writer\(pk=3\)"):
        Load().load("wrong")
    assert not Topic.objects.exists()
    put("long.json", [*topics(5), {"model": "serializers.topic", "pk": 6, "fields": {"word": None}}, *topics(2)])
    with pytest.raises(IntegrityError, match=r"Could not load serializers.Topic\(pk=6\)"):
        Load().load("long")
    fields = {"title": "x", "writer": 99, "changed": "2020-01-01T00:00Z"}
    put("nobody.json", [{"model": "serializers.essay", "pk": 1, "fields": fields}])
    with pytest.raises(IntegrityError, match=r"(?s)Problem installing fixtures.*essay.*writer_id.*99.*writer"):
        Load().load("nobody")
    assert not Essay.objects.exists() and not Topic.objects.exists()


def test_objects_may_refer_to_later_ones(database: Any) -> None:
    first, second = writers(2)
    first["fields"]["teacher"] = 2
    put("forward.json", [first, second])
    Load().load("forward")
    assert Writer.objects.get(pk=1).teacher_id == 2
    natural = [
        {"model": "serializers.writer", "fields": {"name": "Ada", "teacher": ["Mary"]}},
        {"model": "serializers.writer", "fields": {"name": "Mary"}},
        {"model": "serializers.essay", "fields": {"title": "x", "writer": ["Ada"], "changed": "2020-01-01T00:00Z",
                                                  "readers": [["Mary"], ["Ada"]]}},
    ]  # fmt: skip
    put("natural.json", natural)
    Load().load("natural")
    assert Writer.objects.get(name="Ada").teacher.name == "Mary"
    assert sorted(reader.name for reader in Essay.objects.get().readers.all()) == ["Ada", "Mary"]


def test_new_rows_are_numbered_on(database: Any) -> None:
    put("start.json", [*topics(5), *writers(3)])
    Load().load("start")
    assert Topic.objects.create(word="new").pk > 5
    assert Writer.objects.create(name="new").pk > 3


def test_many_objects_take_few_statements(database: Any, queries: Queries) -> None:
    put("many.json", topics(1000))
    with queries as counted:
        Load().load("many")
    assert len(counted) < 12
    assert Topic.objects.count() == 1000
    heard: list[Any] = []

    def listen(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(instance.pk)

    post_save.connect(listen, sender=Topic)
    try:
        Load().load("many")
    finally:
        post_save.disconnect(listen, sender=Topic)
    assert heard == list(range(1, 1001))


def test_what_is_not_wanted_stays_out(database: Any) -> None:
    put("start.json", [*topics(2), *writers(1), {"model": "nowhere.thing", "pk": 1}])
    done = Load(ignorenonexistent=True, exclude=["serializers.Writer"]).load("start")
    assert (done.objects, done.loaded, done.fixtures) == (3, 2, 1)
    assert not Writer.objects.exists()
