"""What tests of data assert, under Django's names: messages, texts in JSON and XML, the rows of a query."""

from __future__ import annotations

import difflib
import json
import unittest
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree


class Assertions(unittest.TestCase):
    """The assertions; for use through ``TestCase`` and its like."""

    def assertRaisesMessage(
        self, expected_exception: type[BaseException], expected_message: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Assert that a call, or a ``with`` block, raises an exception whose text has a message in it."""
        return self._said(self.assertRaises(expected_exception), "exception", expected_message, *args, **kwargs)

    def assertWarnsMessage(
        self, expected_warning: type[Warning], expected_message: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Assert that a call, or a ``with`` block, gives a warning whose text has a message in it."""
        return self._said(self.assertWarns(expected_warning), "warning", expected_message, *args, **kwargs)

    def _said(
        self,
        context: object,
        what: str,
        message: str,
        function: Callable[..., object] | None = None,
        *args: object,
        **kw: object,
    ) -> object:
        around = self._message_in(context, what, message)
        if function is None:
            return around
        with around:
            function(*args, **kw)
        return None

    @contextmanager
    def _message_in(self, context: Any, what: str, message: str) -> Iterator[object]:
        with context as caught:
            yield caught
        self.assertIn(message, str(getattr(caught, what)))

    def assertJSONEqual(self, raw: str, expected_data: object, msg: str | None = None) -> None:
        """Assert that a text in JSON says what a value, or another text, does."""
        self.assertEqual(*self._both(raw, expected_data), msg=msg)

    def assertJSONNotEqual(self, raw: str, expected_data: object, msg: str | None = None) -> None:
        """Assert that a text in JSON says something else than a value, or another text, does."""
        self.assertNotEqual(*self._both(raw, expected_data), msg=msg)

    def _both(self, raw: str, expected: object) -> tuple[object, object]:
        return self._parsed(raw, "First"), self._parsed(expected, "Second") if isinstance(expected, str) else expected

    def _parsed(self, text: str, which: str) -> object:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            self.fail(f"{which} argument is not valid JSON: {text!r}")

    def assertXMLEqual(self, xml1: str, xml2: str, msg: str | None = None) -> None:
        """Assert that two texts in XML have the same elements, whatever the order of their attributes."""
        if self._elements(xml1, "First", msg) != self._elements(xml2, "Second", msg):
            lines = "\n".join(difflib.ndiff(xml1.splitlines(), xml2.splitlines()))
            self.fail(self._formatMessage(msg, f"{xml1!r} != {xml2!r}\n{lines}"))

    def assertXMLNotEqual(self, xml1: str, xml2: str, msg: str | None = None) -> None:
        """Assert that two texts in XML differ in their elements."""
        if self._elements(xml1, "First", msg) == self._elements(xml2, "Second", msg):
            self.fail(self._formatMessage(msg, f"{xml1!r} == {xml2!r}"))

    def _elements(self, text: str, which: str, msg: str | None) -> object:
        try:
            return _shape(ElementTree.fromstring(text.strip()))
        except ElementTree.ParseError as error:
            self.fail(self._formatMessage(msg, f"{which} argument is not valid XML\n{error}"))

    def assertQuerySetEqual(
        self,
        qs: Any,
        values: Iterable[object],
        transform: Callable[[Any], Any] | None = None,
        ordered: bool = True,
        msg: str | None = None,
    ) -> None:
        """Assert that a query gives some values, in their order unless ``ordered`` is false.

        Raises ``ValueError`` where several are compared in order and the query has none.
        """
        values = list(values)
        found = qs if transform is None else map(transform, qs)
        if not ordered:
            self.assertDictEqual(Counter(found), Counter(values), msg=msg)
            return
        if len(values) > 1 and getattr(qs, "ordered", True) is False:
            raise ValueError("Trying to compare non-ordered queryset against more than one ordered value.")
        self.assertEqual(list(found), values, msg=msg)


def _shape(element: ElementTree.Element) -> Any:
    """What is compared of an element: white space at the ends of texts is not."""
    text = [(part or "").strip() for part in (element.text, element.tail)]
    return element.tag, element.attrib, text, [_shape(child) for child in element]
