"""The harness's own django.test: written for these tests, not taken from
Django; only the behaviour the ORM tests rely on.  install() registers it."""

import importlib
import sys
import types

from tests.django import absent

# Names of django.test that belong to the web side: Missing until used.
WEB = {
    "django.test": ["Client", "AsyncClient", "RequestFactory", "AsyncRequestFactory", "LiveServerTestCase"],
    "django.test.testcases": [
        "LiveServerThread",
        "QuietWSGIRequestHandler",
        "Client",
        "AsyncClient",
        "LiveServerTestCase",
    ],
    "django.test.utils": [
        "ContextList",
        "override_script_prefix",
        "require_jinja2",
        "get_runner",
        "setup_databases",
        "teardown_databases",
        "setup_test_environment",
        "teardown_test_environment",
        "get_unique_databases_and_mirrors",
        "instrumented_test_render",
        "dependency_ordered",
        "LoggingCaptureMixin",
        "TimeKeeper",
        "NullTimeKeeper",
        "iter_test_cases",
    ],
}
WEB_MODULES = ["django.test.client", "django.test.runner", "django.test.selenium", "django.test.html"]


def install():
    """Put django.test and its submodules in sys.modules."""
    from tests.django.djtest import signals, testcases, utils

    django = importlib.import_module("django")
    package = types.ModuleType("django.test")
    package.__path__ = []
    for name in (
        "SimpleTestCase",
        "TestCase",
        "TransactionTestCase",
        "skipIfDBFeature",
        "skipUnlessDBFeature",
        "skipUnlessAnyDBFeature",
    ):
        setattr(package, name, getattr(testcases, name))
    for name in ("ignore_warnings", "modify_settings", "override_settings", "override_system_checks", "tag"):
        setattr(package, name, getattr(utils, name))
    modules = {
        "django.test": package,
        "django.test.testcases": testcases,
        "django.test.utils": utils,
        "django.test.signals": signals,
    }
    for name in WEB_MODULES:
        modules[name] = absent.MissingModule(name)
    for name, wanted in WEB.items():
        for item in wanted:
            if not hasattr(modules[name], item):
                setattr(modules[name], item, absent.make(f"{name}.{item}"))
    for name, module in modules.items():
        sys.modules[name] = module
        if name != "django.test":
            setattr(package, name.rpartition(".")[2], module)
    django.test = package
