"""Rows as text in each format, and back: values, relations, natural keys, and what can't be read."""

from __future__ import annotations

import datetime
import decimal
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from orm import serializers
from orm.errors import FieldDoesNotExist
from orm.models.signals import post_save, pre_save
from orm.serializers import DeserializationError, SerializerDoesNotExist
from orm.serializers.xml_serializer import DTDForbidden
from tests.counting import Queries
from tests.serializers.models import Essay, Review, Topic, Writer

FORMATS = ("json", "jsonl", "python", "xml")
THEN = datetime.datetime(2020, 1, 2, 3, 4, 5, 678000, datetime.UTC)


def essay() -> Essay:
    ada = Writer.objects.create(name="Ada")
    made = Essay.objects.create(
        title="Nötes", writer=ada, price=decimal.Decimal("1.50"), data={"a": [1, None]}, raw=b"\x00\xff",
        took=datetime.timedelta(days=1, seconds=2),
    )  # fmt: skip
    Essay.objects.filter(pk=made.pk).update(changed=THEN)
    made.topics.add(Topic.objects.create(word="engines"), Topic.objects.create(word="numbers"))
    return Essay.objects.get()


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_written_is_read(database: Any, format: str) -> None:
    made = essay()
    text = serializers.serialize(format, Essay.objects.all())
    before = {name: value for name, value in vars(made).items() if name != "_state"}
    topics = list(made.topics.values_list("pk", flat=True))
    made.delete()
    (read,) = serializers.deserialize(format, text)
    assert repr(read) == f"<DeserializedObject: serializers.Essay(pk={before['id']})>"
    read.save()
    again = Essay.objects.get()
    assert {name: value for name, value in vars(again).items() if name != "_state"} == before
    assert list(again.topics.values_list("pk", flat=True)) == topics


def test_the_text_is_that_of_django(database: Any) -> None:
    made = essay()
    one, two = made.topics.order_by("pk")
    assert json.loads(serializers.serialize("json", [made])) == [
        {
            "model": "serializers.essay",
            "pk": made.pk,
            "fields": {
                "title": "Nötes", "writer": made.writer_id, "changed": "2020-01-02T03:04:05.678Z", "price": "1.50",
                "data": {"a": [1, None]}, "raw": "AP8=", "took": "1 00:00:02", "topics": [one.pk, two.pk],
                "readers": [],
            },
        }
    ]  # fmt: skip
    narrowed = serializers.serialize("json", [made], fields=["title"], indent=2)
    inside = f'  "model": "serializers.essay",\n  "pk": {made.pk},\n  "fields": {{\n    "title": "Nötes"\n  }}\n'
    assert narrowed == f"[\n{{\n{inside}}}\n]\n"
    lines = serializers.serialize("jsonl", [made, made], fields=["title"])
    assert lines == f'{{"model": "serializers.essay","pk": {made.pk},"fields": {{"title": "Nötes"}}}}\n' * 2


def test_a_stream_takes_the_text(database: Any) -> None:
    stream = io.StringIO()
    serializers.serialize("json", Writer.objects.all(), stream=stream)
    assert stream.getvalue() == "[]"


def test_natural_keys_stand_for_keys(database: Any) -> None:
    made = essay()
    made.readers.add(made.writer)
    written = serializers.serialize(
        "python", [made.writer, made], use_natural_foreign_keys=True, use_natural_primary_keys=True
    )
    assert written[0] == {"model": "serializers.writer", "fields": {"name": "Ada", "teacher": None}}
    assert written[1]["fields"]["writer"] == ("Ada",)
    assert written[1]["fields"]["readers"] == [("Ada",)]
    writer, read = serializers.deserialize("python", written)
    assert writer.object.pk == made.writer_id  # the row with that natural key
    assert read.object.writer_id == made.writer_id
    assert read.m2m_data is not None and read.m2m_data["readers"] == [made.writer_id]


def test_a_natural_key_may_be_that_of_a_later_object(database: Any) -> None:
    data: Any = [
        {"model": "serializers.writer", "fields": {"name": "Ada", "teacher": ["Mary"]}},
        {"model": "serializers.writer", "fields": {"name": "Mary", "teacher": None}},
    ]
    with pytest.raises(DeserializationError, match=r"matching query does not exist.*serializers.writer:pk=None"):
        list(serializers.deserialize("python", data))
    waiting = []
    for one in serializers.deserialize("python", data, handle_forward_references=True):
        one.save()
        if one.deferred_fields:
            waiting.append(one)
    for one in waiting:
        one.save_deferred_fields()
    assert Writer.objects.get(name="Ada").teacher.name == "Mary"
    Writer.objects.all().delete()
    (alone,) = serializers.deserialize("python", data[:1], handle_forward_references=True)
    with pytest.raises(DeserializationError, match="Writer matching query does not exist"):
        alone.save_deferred_fields()


def test_a_row_of_two_tables_is_two_objects(database: Any) -> None:
    writer = Writer.objects.create(name="Ada")
    review = Review.objects.create(title="Good", writer=writer, stars=5)
    text = serializers.serialize("json", [Essay.objects.get(), review])
    assert json.loads(text)[1] == {"model": "serializers.review", "pk": review.pk, "fields": {"stars": 5}}
    Essay.objects.all().delete()
    for one in serializers.deserialize("json", text):
        one.save()
    assert Review.objects.get().title == "Good"


def test_raw_saving_tells_listeners_and_leaves_auto_now_alone(database: Any) -> None:
    heard = []

    def listen(sender: Any, instance: Any, raw: bool, **named: Any) -> None:
        heard.append((sender, raw, named.get("created")))

    pre_save.connect(listen, sender=Essay)
    post_save.connect(listen, sender=Essay)
    try:
        made = essay()
        heard.clear()
        made.changed = THEN - datetime.timedelta(days=1)
        made.save_base(raw=True)
    finally:
        pre_save.disconnect(listen, sender=Essay)
        post_save.disconnect(listen, sender=Essay)
    assert heard == [(Essay, True, None), (Essay, True, False)]
    assert Essay.objects.get().changed == THEN - datetime.timedelta(days=1)
    with pytest.raises(TypeError, match="using= only"):
        made.save_base(raw=True, force_insert=True)


def test_prefetched_relations_are_not_asked_for_again(database: Any, queries: Queries) -> None:
    essay()
    rows = list(Essay.objects.prefetch_related("topics", "readers"))
    with queries as counted:
        serializers.serialize("json", rows)
    assert counted == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting property name"),
        ("{}", "is an array of objects, not dict"),
        ("[1]", "it is a mapping with 'model', 'pk' and 'fields', not 1"),
        ('[{"model": "x.y", "fields": null}]', "it is a mapping with 'model', 'pk' and 'fields', not "),
        ('[{"model": "nowhere.thing"}]', "Invalid model identifier: nowhere.thing"),
        ('[{"model": "serializers.writer", "pk": "x"}]', r"\(serializers.writer:pk=x\) field_value was 'None'"),
        ('[{"model": "serializers.essay", "pk": 1, "fields": {"price": "much"}}]',
         r"\(serializers.essay:pk=1\) field_value was 'much'"),
        ('[{"model": "serializers.essay", "pk": 1, "fields": {"topics": ["x"]}}]', "field_value was 'x'"),
        ('[{"model": "serializers.essay", "pk": 1, "fields": {"topics": null}}]', "field_value was 'None'"),
        ('[{"model": "serializers.essay", "pk": 1, "fields": {"colour": 1}}]', "has no field named 'colour'"),
        ('[{"model": "serializers.writer", "pk": 1, "fields": {"essay": [1]}}]', "essay"),
        ("[" * 100_000, "recursion"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(database: Any, text: str, said: str) -> None:
    with pytest.raises(DeserializationError, match=said):
        list(serializers.deserialize("json", text))


def test_what_does_not_exist_can_be_passed_over(database: Any) -> None:
    data = [
        {"model": "nowhere.thing", "pk": 1},
        {"model": "serializers.topic", "pk": 1, "fields": {"word": "x", "colour": 1}},
    ]
    (read,) = serializers.deserialize("python", data, ignorenonexistent=True)
    assert read.object.word == "x"
    with pytest.raises(FieldDoesNotExist):
        list(serializers.deserialize("python", data[1:]))


@pytest.fixture
def registered() -> Iterator[None]:
    serializers.register_serializer("lines", "orm.serializers.jsonl")
    serializers.register_serializer("broken", "orm.serializers.nowhere")
    yield
    serializers.unregister_serializer("lines")
    serializers.unregister_serializer("broken")


def test_formats_are_registered(database: Any, registered: None) -> None:
    assert {"json", "jsonl", "python", "xml", "yaml", "lines"} <= set(serializers.get_serializer_formats())
    assert "python" not in serializers.get_public_serializer_formats()
    assert serializers.serialize("lines", [Topic(word="x")]).endswith("}}\n")
    with pytest.raises(ImportError, match="nowhere"):
        serializers.serialize("broken", [])
    with pytest.raises(SerializerDoesNotExist, match="nonsense"):
        serializers.get_serializer("nonsense")


@pytest.mark.only(colour="awaitable")
async def test_async_code_writes_what_it_has_read(database: Any) -> None:
    writer = await Writer.objects.acreate(name="Ada")
    await Essay.objects.acreate(title="Notes", writer=writer)
    rows = [row async for row in Essay.objects.prefetch_related("topics", "readers")]
    text = serializers.serialize("json", rows)
    await Essay.objects.all().adelete()
    for one in serializers.deserialize("json", text):
        await one.asave()
    assert (await Essay.objects.aget()).title == "Notes"


def in_xml(inside: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><django-objects version="1.0">{inside}</django-objects>'


def test_the_xml_is_that_of_django(database: Any) -> None:
    made = essay()
    made.readers.add(made.writer)
    one, two = made.topics.order_by("pk")
    written = serializers.serialize("xml", [made], indent=2, use_natural_foreign_keys=True)
    assert written == (
        '<?xml version="1.0" encoding="utf-8"?>\n<django-objects version="1.0">\n'
        f'  <object model="serializers.essay" pk="{made.pk}">\n'
        '    <field name="title" type="CharField">Nötes</field>\n'
        '    <field name="writer" rel="ManyToOneRel" to="serializers.writer"><natural>Ada</natural></field>\n'
        '    <field name="changed" type="DateTimeField">2020-01-02T03:04:05.678000+00:00</field>\n'
        '    <field name="price" type="DecimalField">1.50</field>\n'
        '    <field name="data" type="JSONField">{"a": [1, null]}</field>\n'
        '    <field name="raw" type="BinaryField">AP8=</field>\n'
        '    <field name="took" type="DurationField">1 00:00:02</field>\n'
        f'    <field name="topics" rel="ManyToManyRel" to="serializers.topic"><object pk="{one.pk}"></object>'
        f'<object pk="{two.pk}"></object></field>\n'
        '    <field name="readers" rel="ManyToManyRel" to="serializers.writer"><object><natural>Ada</natural></object>'
        "</field>\n  </object>\n</django-objects>"
    )
    (read,) = serializers.deserialize("xml", io.BytesIO(written.encode()))
    assert read.object.writer_id == made.writer_id
    assert read.m2m_data == {"topics": [one.pk, two.pk], "readers": [made.writer_id]}


def test_xml_tells_nothing_from_an_empty_text(database: Any) -> None:
    texts = '<field name="title"></field><field name="price"><None></None></field>'
    (read,) = serializers.deserialize("xml", in_xml(f'<object model="serializers.essay" pk="3">{texts}</object>'))
    assert (read.object.pk, read.object.title, read.object.price) == (3, "", None)


ENTITIES = '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">'


@pytest.mark.parametrize(
    "kind",
    [f"<!DOCTYPE x [{ENTITIES}]>", '<!DOCTYPE x SYSTEM "file:///etc/passwd">', '<!DOCTYPE x PUBLIC "a" "http://b/">'],
)
def test_xml_with_a_document_type_is_refused(database: Any, kind: str) -> None:
    text = in_xml('<object model="serializers.topic" pk="1"><field name="word">&b;</field></object>')
    with pytest.raises(DTDForbidden, match="name='x'") as caught:
        list(serializers.deserialize("xml", text.replace("?>", f"?>{kind}", 1)))
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ('<object model="serializers.nothing" pk="1"/>', "Invalid model identifier: serializers.nothing"),
        ('<object pk="1"/>', "<object> node is missing the required 'model' attribute"),
        ('<object model="serializers.topic"><field>x</field></object>', "<field> node is missing the required 'name'"),
        ('<object model="serializers.topic"><field name="wrd">x</field></object>', "Topic has no field named 'wrd'"),
        ('<object model="serializers.topic" pk="x"/>', "value must be an integer"),
        ('<object model="serializers.essay" pk="1"><field name="data">{</field></object>', r"serializers.essay:pk=1\)"),
        ("<object", "Error reading XML: not well-formed"),
    ],
)
def test_xml_that_can_not_be_read_is_named(database: Any, inside: str, message: str) -> None:
    with pytest.raises(DeserializationError, match=message):
        list(serializers.deserialize("xml", in_xml(inside)))


def test_what_xml_can_not_hold_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match=r"Topic.word \(pk:None\) contains unserializable characters"):
        serializers.serialize("xml", [Topic(word="a\x01")])


def test_xml_gives_objects_before_it_ends(database: Any) -> None:
    class Endless(io.StringIO):
        def read(self, size: int | None = -1) -> str:
            return super().read(size) or '<object model="serializers.topic" pk="1"/>'

    first = next(serializers.deserialize("xml", Endless('<django-objects version="1.0">')))
    assert first.object.pk == 1
