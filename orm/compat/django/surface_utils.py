"""``django.utils``: which Duotone modules its parts come from."""

from __future__ import annotations

from orm.compat.django.names import HERE, Surface, of, own

UTILS: dict[str, Surface] = {
    "django.template.defaultfilters": Surface(
        "Texts for people.", (f"{HERE}.template_filters",), of("orm.text.since", "timesince", "timeuntil")
    ),
    "django.utils": Surface("Time zones, texts and structures."),
    "django.utils.asyncio": Surface("Blocking functions in async code.", (f"{HERE}.unsafe",)),
    "django.utils.choices": Surface("Choices in any form.", ("orm.structures.choices",)),
    "django.utils.connection": Surface(
        "Connections by alias.",
        names=of("orm.errors", "ConnectionDoesNotExist")
        | of("orm.structures.handlers", "BaseConnectionHandler", "ConnectionProxy"),
    ),
    "django.utils.crypto": Surface("Random texts and keyed digests.", ("orm.security.crypto",)),
    "django.utils.datastructures": Surface("Special mappings and sets.", ("orm.structures.collections",)),
    "django.utils.dateformat": Surface(
        "Dates in text.", ("orm.text.dateformat",), of("orm.text.dateformat", "format", "time_format")
    ),
    "django.utils.dateparse": Surface("Dates out of text.", ("orm.text.dates", "orm.text.durations")),
    "django.utils.deconstruct": Surface(
        "Classes that tell how they were made.", names=of("orm.structures.deconstruct", "deconstructible")
    ),
    "django.utils.decorators": Surface("Decorators.", names=of("orm.structures.lazy", "classproperty")),
    "django.utils.deprecation": Surface("Warnings of what goes.", (f"{HERE}.deprecation",)),
    "django.utils.duration": Surface("Durations in text.", ("orm.text.durations",)),
    "django.utils.encoding": Surface("Text and bytes.", ("orm.text.encoding",)),
    "django.utils.formats": Surface("Dates and numbers as people write them.", (f"{HERE}.formats",)),
    "django.utils.functional": Surface(
        "Lazy values and cached properties.",
        ("orm.structures.lazy",),
        of("orm.structures.lazy", "empty") | of("functools", "wraps"),
    ),
    "django.utils.dates": Surface("Names of days and months.", (f"{HERE}.dates",)),
    "django.utils.hashable": Surface("Anything as a key.", ("orm.structures.hashable",)),
    "django.utils.html": Surface("HTML's escaping.", ("orm.text.html",)),
    "django.utils.http": Surface("Parts of addresses.", ("orm.text.query_strings",)),
    "django.utils.inspect": Surface("What functions take.", (f"{HERE}.signatures",)),
    "django.utils.ipv6": Surface("Addresses of version 6.", ("orm.text.addresses",)),
    "django.utils.itercompat": Surface("Whether a value can be iterated.", (f"{HERE}.deprecation",)),
    "django.utils.log": Surface("What LOGGING names.", (f"{HERE}.log_parts",)),
    "django.utils.module_loading": Surface(
        "Modules by name.",
        ("orm.structures.loading",),
        own("autodiscovery", "autodiscover_modules") | of("importlib", "import_module"),
    ),
    "django.utils.numberformat": Surface("Numbers in text.", names=of("orm.text.numbers", "format")),
    "django.utils.safestring": Surface(
        "Texts that are HTML.", names=of("orm.text.html", "SafeData", "SafeString", "SafeText", "mark_safe")
    ),
    "django.utils.termcolors": Surface(
        "Text in colours.",
        ("orm.text.terminal",),
        of("orm.text.terminal", "background", "color_names", "foreground", "opt_dict"),
    ),
    "django.utils.text": Surface(
        "Slugs, shortening, joining.", ("orm.text.words",), of("orm.text.words", "format_lazy")
    ),
    "django.utils.timesince": Surface("How long ago.", ("orm.text.since",)),
    "django.utils.timezone": Surface(
        "The moment, and its zone.",
        (f"{HERE}.timezone",),
        # Scripts reach for the standard library's classes through this module.
        own("timezone", "utc") | of("datetime", "datetime", "timedelta", "timezone", "tzinfo"),
    ),
    "django.utils.translation": Surface("Messages, as they are written.", (f"{HERE}.translation",)),
    "django.utils.tree": Surface("Trees of conditions.", ("orm.structures.tree",)),
    "django.utils.version": Surface("Versions.", (f"{HERE}.version",)),
}
