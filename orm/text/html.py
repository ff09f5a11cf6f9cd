"""HTML: escaping, and texts that say they are escaped already."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from typing import Any, TypeVar

from orm.structures.lazy import Promise
from orm.text.json import DjangoJSONEncoder

Class = TypeVar("Class", bound=type)

JSON_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
JS_ESCAPES = {ord(each): f"\\u{ord(each):04X}" for each in "\\'\"><&=-;`\u2028\u2029"}
JS_ESCAPES.update({code: f"\\u{code:04X}" for code in range(32)})


class SafeData:
    """The base of texts that are HTML, and need no escaping."""

    __slots__ = ()

    def __html__(self) -> Any:
        return self


class SafeString(str, SafeData):
    """A text that is HTML. Joined to another such text it stays one."""

    __slots__ = ()

    def __add__(self, other: object) -> Any:
        if isinstance(other, str):
            joined = super().__add__(other)
            return SafeString(joined) if isinstance(other, SafeData) else joined
        return NotImplemented

    def __str__(self) -> str:
        return self


SafeText = SafeString


def mark_safe(s: object) -> Any:
    """Say that a text is HTML; as a decorator, that what a function returns is."""
    if hasattr(s, "__html__"):
        return s
    if callable(s):
        return lambda *args, **kwargs: mark_safe(s(*args, **kwargs))
    return SafeString(s)


def escape(text: object) -> SafeString:
    """Return text with ``& < > " '`` escaped, whether or not it says it is HTML."""
    return SafeString(html.escape(str(text)))


def conditional_escape(text: Any) -> Any:
    """Return text escaped, unless it says it is HTML."""
    if isinstance(text, Promise):
        text = str(text)
    return text.__html__() if hasattr(text, "__html__") else escape(text)


def escapejs(value: object) -> SafeString:
    """Return text for a JavaScript string literal."""
    return SafeString(str(value).translate(JS_ESCAPES))


def json_script(
    value: object, element_id: str | None = None, encoder: type[json.JSONEncoder] | None = None
) -> SafeString:
    """Return a ``<script>`` element that holds a value as JSON."""
    text = json.dumps(value, cls=encoder or DjangoJSONEncoder).translate(JSON_ESCAPES)
    named = format_html(' id="{}"', element_id) if element_id else ""
    return SafeString(f'<script{named} type="application/json">{text}</script>')


def format_html(format_string: str, *args: object, **kwargs: object) -> SafeString:
    """Put escaped values into a text that is HTML.

    Raises ``TypeError`` where no value is given: then the text itself should be built otherwise.
    """
    if not (args or kwargs):
        raise TypeError("args or kwargs must be provided.")
    safe = {name: conditional_escape(value) for name, value in kwargs.items()}
    return SafeString(format_string.format(*map(conditional_escape, args), **safe))


def format_html_join(sep: object, format_string: str, args_generator: Iterable[Any]) -> SafeString:
    """Join ``format_html`` of each tuple (or mapping) of values."""
    parts = [
        format_html(format_string, **args) if isinstance(args, dict) else format_html(format_string, *args)
        for args in args_generator
    ]
    return SafeString(conditional_escape(sep).join(parts))


def linebreaks(value: object, autoescape: bool = False) -> str:
    """Return text in paragraphs: an empty line ends one, another line end is ``<br>``."""
    text = re.sub(r"\r\n|\r|\n", "\n", str(value))
    shown: Callable[[str], str] = escape if autoescape else str
    return "\n\n".join(f"<p>{shown(part).replace(chr(10), '<br>')}</p>" for part in re.split("\n{2,}", text))


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_entityref(self, name: str) -> None:
        self.found.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.found.append(f"&#{name};")


def strip_tags(value: object) -> str:
    """Return text without its HTML tags. What is left is not safe: it may form new ones."""
    text = str(value)
    while "<" in text and ">" in text:
        parser = _Text()
        parser.feed(text)
        parser.close()
        stripped = "".join(parser.found)
        if text.count("<") == stripped.count("<"):
            break
        text = stripped
    return text


def strip_spaces_between_tags(value: object) -> str:
    """Return HTML without the white space between tags."""
    return re.sub(r">\s+<", "><", str(value))


def avoid_wrapping(value: str) -> str:
    """Return text whose spaces don't break a line."""
    return value.replace(" ", "\xa0")


def html_safe(cls: Class) -> Class:
    """Decorate a class whose ``__str__`` gives HTML.

    Raises ``ValueError`` where it has none of its own, or has ``__html__`` already.
    """
    if "__html__" in vars(cls):
        raise ValueError(f"can't apply @html_safe to {cls.__name__} because it defines __html__().")
    if "__str__" not in vars(cls):
        raise ValueError(f"can't apply @html_safe to {cls.__name__} because it doesn't define __str__().")
    written: Any = vars(cls)["__str__"]

    def __str__(self: object) -> Any:
        return mark_safe(written(self))

    def __html__(self: object) -> str:
        return str(self)

    for method in (__str__, __html__):
        setattr(cls, method.__name__, method)
    return cls
