"""Objects as elements of XML.

Read without a document type: entities, which can grow without bound or name files, are refused before anything of the
text is used. White space around a value is not part of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from orm.models.apps import apps
from orm.models.fields import JSONField
from orm.serializers import base, python
from orm.serializers.errors import DeserializationError
from orm.serializers.json import explained
from orm.serializers.objects_blocking import DeserializedObject

if TYPE_CHECKING:
    from orm.models.fields.base import Field

ROOT = "django-objects"
VERSION = "1.0"
CHUNK = 1 << 16
# What XML 1.0 has no way to write.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DefusedXmlException(DeserializationError, ValueError):
    """The text has something that is not read, since it can do harm."""


class DTDForbidden(DefusedXmlException):
    """It has a document type."""

    def __init__(self, name: str, system_id: str | None, public_id: str | None) -> None:
        super().__init__(f"DTDForbidden(name={name!r}, system_id={system_id!r}, public_id={public_id!r})")
        self.name = name
        self.system_id = system_id
        self.public_id = public_id


class EntitiesForbidden(DefusedXmlException):
    """It declares an entity."""

    def __init__(self, name: str, *declared: object) -> None:
        super().__init__(f"EntitiesForbidden(name={name!r})")
        self.name = name


class ExternalReferenceForbidden(DefusedXmlException):
    """It refers to something outside of it."""

    def __init__(self, context: str, base: str | None, system_id: str | None, public_id: str | None) -> None:
        super().__init__(f"ExternalReferenceForbidden(system_id={system_id!r}, public_id={public_id!r})")
        self.system_id = system_id
        self.public_id = public_id


class Serializer(base.Serializer):
    """Writes elements; ``indent=`` puts each object and field on a line of its own."""

    def start_serialization(self) -> None:
        """Open the document."""
        # Attributes are written by the standard library's escaping, and so are texts.
        self.xml = XMLGenerator(self.stream, self.options.get("encoding", "utf-8"))
        self.xml.startDocument()
        self._start(ROOT, {"version": VERSION})

    def end_serialization(self) -> None:
        """Close it."""
        self._line(0)
        self.xml.endElement(ROOT)
        self.xml.endDocument()

    def start_object(self, obj: Any) -> None:
        """Open an object."""
        attributes = {"model": obj._meta.label_lower}
        if obj.pk is not None and not (self.use_natural_primary_keys and hasattr(obj, "natural_key")):
            attributes["pk"] = obj._meta.pk.value_to_string(obj)
        self._line(1)
        self._start("object", attributes)

    def end_object(self, obj: Any) -> None:
        """Close it."""
        self._line(1)
        self.xml.endElement("object")

    def handle_field(self, obj: Any, field: Field) -> None:
        """Write a value."""
        self._line(2)
        self._start("field", {"name": field.name, "type": field.get_internal_type()})
        value = field.value_from_object(obj)
        if value is None:
            self._none()
        else:
            text = json.dumps(value, cls=field.encoder) if isinstance(field, JSONField) else field.value_to_string(obj)
            if UNWRITABLE.search(text):
                raise ValueError(
                    f"{obj._meta.object_name}.{field.name} (pk:{obj.pk}) contains unserializable characters"
                )
            self.xml.characters(text)
        self.xml.endElement("field")

    def handle_fk_field(self, obj: Any, field: Field) -> None:
        """Write the key, or natural key, of the row that is referred to."""
        self._start_relation(field)
        key = getattr(obj, field.attname)
        if key is None:
            self._none()
        elif self.use_natural_foreign_keys and hasattr(field.remote_field.model, "natural_key"):
            self._natural(getattr(obj, field.name).natural_key())
        else:
            self.xml.characters(str(key))
        self.xml.endElement("field")

    def handle_m2m_field(self, obj: Any, field: Field) -> None:
        """Write the keys of related rows, where the rows of the relation are not objects of their own."""
        if not field.remote_field.through._meta.auto_created:
            return
        self._start_relation(field)
        natural = self.use_natural_foreign_keys and hasattr(field.remote_field.model, "natural_key")
        for row in getattr(obj, field.name).all() if obj.pk is not None else ():
            self._start("object", {} if natural else {"pk": row._meta.pk.value_to_string(row)})
            if natural:
                self._natural(row.natural_key())
            self.xml.endElement("object")
        self.xml.endElement("field")

    def _start_relation(self, field: Field) -> None:
        remote = field.remote_field
        self._line(2)
        attributes = {"name": field.name, "rel": type(remote).__name__, "to": remote.model._meta.label_lower}
        self._start("field", attributes)

    def _natural(self, key: Any) -> None:
        for part in key:
            self._start("natural")
            self.xml.characters(str(part))
            self.xml.endElement("natural")

    def _start(self, name: str, attributes: Mapping[str, str] | None = None) -> None:
        self.xml.startElement(name, AttributesImpl(attributes or {}))

    def _none(self) -> None:
        self._start("None")
        self.xml.endElement("None")

    def _line(self, level: int) -> None:
        indent = self.options.get("indent")
        if indent is not None:
            self.xml.ignorableWhitespace("\n" + " " * (indent * level))


class Deserializer(python.Deserializer):
    """Reads elements, as text, bytes or a stream, an object as soon as it is complete."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        super().__init__(_mappings(_elements(stream_or_string)), **options)

    def __next__(self) -> DeserializedObject:
        return explained(super().__next__)


def _elements(stream_or_string: object) -> Iterator[Element]:
    """Yield each object's element."""
    found: list[Element] = []
    parser = _parser(found)
    try:
        for chunk in _chunks(stream_or_string):
            parser.Parse(chunk, False)
            yield from found
            found.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DeserializationError(f"Error reading XML: {error}") from error


def _chunks(stream_or_string: Any) -> Iterator[str | bytes]:
    if isinstance(stream_or_string, (str, bytes)):
        yield stream_or_string
        return
    while chunk := stream_or_string.read(CHUNK):
        yield chunk


def _parser(found: list[Element]) -> expat.XMLParserType:
    """Return a parser that appends the elements of objects to a list."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0
    builder: TreeBuilder | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, builder
        depth += 1
        if depth == 2 and name == "object":
            builder = TreeBuilder()
        if builder is not None:
            builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth, builder
        depth -= 1
        if builder is not None:
            element = builder.end(name)
            if depth == 1:
                found.append(element)
                builder = None

    def text(data: str) -> None:
        if builder is not None:
            builder.data(data)

    def refuse_type(name: str, system_id: str | None, public_id: str | None, internal: bool) -> None:
        raise DTDForbidden(name, system_id, public_id)

    def refuse_entity(name: str, *declared: object) -> None:
        raise EntitiesForbidden(name)

    def refuse_reference(context: str, base: str | None, system_id: str | None, public_id: str | None) -> int:
        raise ExternalReferenceForbidden(context, base, system_id, public_id)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse_type
    # Both can only stand in a document type; should one come by another way, it is refused as well.
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = refuse_entity
    parser.ExternalEntityRefHandler = refuse_reference
    return parser


def _mappings(elements: Iterator[Element]) -> Iterator[dict[str, object]]:
    """Yield objects as the other formats have them."""
    for element in elements:
        data: dict[str, Any] = {"model": _attribute(element, "model")}
        if "pk" in element.attrib:
            data["pk"] = element.attrib["pk"]
        fields = _fields_of(data["model"])
        values = data["fields"] = {}
        for one in element.findall("field"):
            name = _attribute(one, "name")
            try:
                values[name] = _value(one, fields.get(name))
            except ValueError as error:
                raise DeserializationError.WithData(error, data["model"], data.get("pk"), one.text) from error
        yield data


def _fields_of(name: str) -> dict[str, object]:
    """Return a model's fields; none of an unknown one, which is an error of the reader's."""
    try:
        return {field.name: field for field in apps.get_model(name)._meta.get_fields()}
    except (LookupError, ValueError):
        return {}


def _attribute(element: Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise DeserializationError(f"<{element.tag}> node is missing the required '{name}' attribute")
    return value


def _value(element: Element, field: Any) -> Any:
    """Return what a field's element holds: a text, a natural key, keys of either kind, or None."""
    if field is not None and field.many_to_many:
        return [_natural(one) or one.get("pk") for one in element.findall("object")]
    if element.find("None") is not None:
        return None
    natural = _natural(element)
    if natural:
        return natural
    text = "".join(element.itertext()).strip()
    if isinstance(field, JSONField):
        return json.loads(text, cls=field.decoder)
    return text


def _natural(element: Element) -> list[str]:
    return ["".join(part.itertext()).strip() for part in element.findall("natural")]


__all__ = [
    "DTDForbidden",
    "DefusedXmlException",
    "Deserializer",
    "EntitiesForbidden",
    "ExternalReferenceForbidden",
    "Serializer",
]
