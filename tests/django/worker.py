"""One package of Django's tests, in this process. argv[1]: the job, a file of JSON."""

import faulthandler
import fnmatch
import gc
import importlib.metadata
import json
import os
import signal
import sys
import traceback
import unittest
from pathlib import Path

from orm.compat.django import install
from tests.django import absent, djtest, shim
from tests.django.djtest.testcases import Config
from tests.django.recording import RecordingMixin, first_line


class TestTimeout(Exception):
    pass


RESTART = 9  # exit status: go on with the remaining tests in a fresh process


def leave(status):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def watch(limit):
    """Kill this process (printing its stacks) if nothing happens for `limit` s."""
    faulthandler.dump_traceback_later(limit, exit=True)


class Result(RecordingMixin, unittest.TextTestResult):
    limit = 30

    def startTest(self, test):
        super().startTest(test)
        watch(self.limit * 1.5 + 5)
        signal.setitimer(signal.ITIMER_REAL, self.limit)

    def addError(self, test, err):
        super().addError(test, err)
        if issubclass(err[0], TestTimeout):
            self.printErrors()
            leave(RESTART)  # who knows what the interrupted test has left behind

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        watch(self.limit * 3 + 5)  # for class fixtures
        super().stopTest(test)


class Suite(unittest.TestSuite):
    def _handleClassSetUp(self, test, result):
        if getattr(result, "_previousTestClass", None) is not type(test):
            emit(class_start=f"{type(test).__module__}.{type(test).__qualname__}")
        super()._handleClassSetUp(test, result)


def emit(**kw):
    with open(os.environ["DJANGO_TESTS_OUT"], "a") as out:
        out.write(json.dumps(kw) + "\n")


def fatal(step, exc):
    traceback.print_exc()
    emit(fatal=f"{step}: {first_line((type(exc), exc))}"[:300])
    emit(missing=absent.State.missing)
    leave(3)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def discover(package, tests_dir):
    """The package's tests, Django's order of classes; modules that cannot be
    imported are reported and left out."""
    loader = unittest.TestLoader()
    suite = loader.discover(str(Path(tests_dir, *package.split("."))), pattern="test*.py", top_level_dir=str(tests_dir))
    from tests.django.djtest import testcases

    found = []
    for test in flatten(suite):
        if type(test).__name__ == "_FailedTest":
            emit(module=test._testMethodName, msg=failed_import(test))
        elif type(test).__name__ == "ModuleSkipped":
            emit(module=test._testMethodName, msg="module skipped")
        else:
            found.append(test)

    def rank(test):
        if isinstance(test, testcases.TestCase):
            return 0
        if isinstance(test, testcases.SimpleTestCase):
            return 1
        return 2

    # TransactionTestCase is a SimpleTestCase: as in Django it comes after TestCase.
    by_class, order = {}, []
    for test in found:
        key = type(test)
        if key not in by_class:
            order.append(key)
        by_class.setdefault(key, []).append(test)
    order.sort(key=lambda cls: rank(by_class[cls][0]))
    return [by_class[cls] for cls in order]


def failed_import(test):
    exc = getattr(test, "_exception", None)
    lines = [line for line in str(exc).strip().splitlines() if line.strip()]
    return (lines[-1] if lines else repr(exc))[:300]


def main():
    job = json.loads(Path(sys.argv[1]).read_text())
    emit(run=True)
    watch(180)
    package, tests_dir = job["package"], job["tests_dir"]
    sys.path.insert(0, tests_dir)
    os.environ["RUNNING_DJANGOS_TEST_SUITE"] = "true"
    for distribution in importlib.metadata.distributions():
        if (distribution.metadata["Name"] or "").lower() == "django":
            fatal("environment", RuntimeError("Django is installed in this interpreter"))
    gc.set_threshold(100_000)
    try:
        install()
        names = {p.name for p in Path(tests_dir).iterdir() if (p / "__init__.py").exists()}
        absent.install(names)
        djtest.install()
        shim.configure(job["databases"], package)
    except BaseException as exc:
        fatal("settings.configure(), django.setup(), import of the models", exc)
    shim.strict_warnings()
    try:
        classes = discover(package, tests_dir)
    except BaseException as exc:
        fatal("discovering tests", exc)

    def table_error(label, exc):
        emit(table=label, msg=first_line((type(exc), exc)))

    try:
        for alias in shim.aliases():
            shim.create_tables(alias, table_error)
        shim.close_connections()
    except BaseException as exc:
        fatal("creating the tables", exc)

    skip = set(job["skip"])
    skip_classes = tuple(c + "." for c in job["skip_classes"])

    def wanted(test):
        tid = test.id()
        excluded = any(fnmatch.fnmatchcase(tid, pattern) for pattern in job["exclude"])
        if tid in skip or tid.startswith(skip_classes) or excluded:
            return False
        return not job["only"] or any(fnmatch.fnmatchcase(tid, pattern) for pattern in job["only"])

    suite = Suite()
    for tests in classes:
        suite.addTests(t for t in tests if wanted(t))
    emit(missing=absent.State.missing)

    def alarm(signum, frame):
        raise TestTimeout(f"test took more than {Result.limit:g} s")

    signal.signal(signal.SIGALRM, alarm)
    absent.State.raising = True
    Config.on_dirty = staticmethod(lambda: leave(RESTART))
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=0)
    runner.run(suite)
    signal.setitimer(signal.ITIMER_REAL, 0)
    emit(missing=absent.State.missing)
    emit(done=True)
    leave(0)


if __name__ == "__main__":
    main()
