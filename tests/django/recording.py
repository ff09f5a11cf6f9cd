"""A unittest result mixin that streams results as JSON lines to $DJANGO_TESTS_OUT.

{"start": id}                       before each test (pins a crash on a test)
{"id", "status", "msg"}             pass|fail|error|skip|xfail|xpass
{"fixture", "class", "status", "msg"}   setUpClass/tearDownClass/setUpModule...
{"class_start": name}               before setUpClass
"""

import json
import os
import re
import unittest.case
from pathlib import Path

_HOLDER = re.compile(r"^(setUpClass|tearDownClass|setUpModule|tearDownModule) \((.+)\)$")


def first_line(err):
    """'ExceptionType: first line of its message', from an exc_info tuple."""
    etype, value = err[0], err[1]
    try:
        text = str(value).strip()
    except Exception as exc:  # a broken __str__ must not stop the run
        text = f"<unprintable: {exc!r}>"
    line = text.splitlines()[0] if text else ""
    return f"{etype.__name__}: {line}"[:300]


class RecordingMixin:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._path = os.environ["DJANGO_TESTS_OUT"]
        self._bad_sub = set()

    def write(self, **kw):
        with open(self._path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(kw) + "\n")

    def record(self, test, status, msg=""):
        if isinstance(test, unittest.case._SubTest):
            test = test.test_case
        tid = test.id()
        m = _HOLDER.match(tid)
        if m:
            self.write(fixture=m.group(1), **{"class": m.group(2)}, status=status, msg=msg)
        else:
            self.write(id=tid, status=status, msg=msg)

    def startTest(self, test):
        self._bad_sub.discard(test.id())
        self.write(start=test.id())
        super().startTest(test)

    def addSuccess(self, test):
        super().addSuccess(test)
        if test.id() not in self._bad_sub:
            self.record(test, "pass")

    def addError(self, test, err):
        super().addError(test, err)
        self.record(test, "error", first_line(err))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.record(test, "fail", first_line(err))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if not isinstance(test, unittest.case._SubTest):
            self.record(test, "skip", str(reason)[:200])

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.record(test, "xfail", first_line(err))

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.record(test, "xpass")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._bad_sub.add(test.id())
            status = "fail" if issubclass(err[0], test.failureException) else "error"
            self.record(test, status, first_line(err))


_RANK = {"pass": 0, "skip": 1, "xfail": 2, "xpass": 3, "fail": 4, "error": 5}


def merge(path):
    """Fold a JSONL file into {"tests": {id: [status, msg]}, ...}."""
    out = {
        "tests": {},
        "fixtures": {},
        "features": {},
        "missing": {},
        "modules": {},
        "tables": {},
        "fatal": None,
        "done": False,
        "last_start": None,
        "last_class": None,
        "notes": [],
    }
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return out
    started = None
    for line in lines:
        try:
            ev = json.loads(line)
        except ValueError:
            continue
        if "start" in ev:
            started = ev["start"]
            out["last_class"] = None
        elif "class_start" in ev:
            out["last_class"] = ev["class_start"]
        elif "run" in ev:  # a (re)start of the worker
            out["fatal"] = out["last_class"] = started = None
        elif "id" in ev:
            old = out["tests"].get(ev["id"])
            if old is None or _RANK[ev["status"]] > _RANK[old[0]]:
                out["tests"][ev["id"]] = [ev["status"], ev["msg"]]
            if ev["id"] == started:
                started = None
        elif "fixture" in ev:
            if not ev["fixture"].startswith("tearDown"):
                out["fixtures"].setdefault(ev["class"], [ev["status"], ev["msg"]])
        elif "features" in ev:
            out["features"].update(ev["features"])
        elif "missing" in ev:
            out["missing"].update(ev["missing"])
        elif "module" in ev:
            out["modules"][ev["module"]] = ev["msg"]
        elif "table" in ev:
            out["tables"][ev["table"]] = ev["msg"]
        elif "fatal" in ev:
            out["fatal"] = ev["fatal"]
        elif "note" in ev:
            if ev["note"] not in out["notes"]:
                out["notes"].append(ev["note"])
        elif "done" in ev:
            out["done"] = True
    out["last_start"] = started
    return out
