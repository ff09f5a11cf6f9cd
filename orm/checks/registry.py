"""Which checks there are, and running them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import Any, TypeVar, overload

from orm.checks.messages import CheckMessage

Check = Callable[..., Iterable[CheckMessage]]
C = TypeVar("C", bound=Check)


class Tags:
    """The tags of the checks that come with the library, and the others Django documents."""

    admin = "admin"
    async_support = "async_support"
    caches = "caches"
    compatibility = "compatibility"
    commands = "commands"
    database = "database"
    files = "files"
    gis = "gis"
    models = "models"
    security = "security"
    signals = "signals"
    sites = "sites"
    staticfiles = "staticfiles"
    templates = "templates"
    translation = "translation"
    urls = "urls"


DOCUMENTED = frozenset(tag for name, tag in vars(Tags).items() if not name.startswith("_"))


class CheckRegistry:
    """Checks, each with its tags. Those for deployment run only when asked for.

    Parameters:
        modules: hold checks that register when they are imported, which is at the first question.
        tags: tags that may be asked for although nothing has registered with them, which then finds nothing.
    """

    def __init__(self, modules: Sequence[str] = (), tags: Collection[str] = ()) -> None:
        self.modules = tuple(modules)
        self.tags = frozenset(tags)
        self.registered_checks: dict[Check, tuple[str, ...]] = {}
        self.deployment_checks: dict[Check, tuple[str, ...]] = {}

    @overload
    def register(self, check: C, *tags: str, deploy: bool = False) -> C: ...
    @overload
    def register(self, check: str | None = None, *tags: str, deploy: bool = False) -> Callable[[C], C]: ...
    def register(self, check: Any = None, *tags: str, deploy: bool = False) -> Any:
        """Register a check, as a call or as a decorator (``@register("models")``).

        The check is called with ``app_configs`` (None for all) and ``databases`` (aliases that may be asked, or None).

        Raises ``TypeError`` for a check that takes no keyword arguments.
        """

        def add(function: C) -> C:
            code = getattr(function, "__code__", None)
            takes_keywords = code is None or bool(code.co_flags & 0x08)  # inspect.CO_VARKEYWORDS
            if not takes_keywords:
                raise TypeError("Check functions must accept keyword arguments (**kwargs).")
            known = self.deployment_checks if deploy else self.registered_checks
            known[function] = tags
            return function

        if check is not None and not isinstance(check, str):
            return add(check)
        if check is not None:
            tags = (check, *tags)
        return add

    def load(self) -> None:
        """Import the modules whose checks register by that."""
        for module in self.modules:
            import_module(module)

    def run_checks(
        self,
        app_configs: Sequence[object] | None = None,
        tags: Iterable[str] | None = None,
        include_deployment_checks: bool = False,
        databases: Iterable[str] | None = None,
    ) -> list[CheckMessage]:
        """Run the registered checks and return what they found.

        Parameters:
            app_configs: the applications to look at; None for all.
            tags: only checks with one of these.
            include_deployment_checks: those for deployment, too.
            databases: aliases that checks may ask; without them, those tagged ``database`` are told None, and ask none.
        """
        self.load()
        known = dict(self.registered_checks)
        if include_deployment_checks:
            known |= self.deployment_checks
        wanted = None if tags is None else set(tags)
        found: list[CheckMessage] = []
        for check, own in known.items():
            if wanted is not None and not wanted.intersection(own):
                continue
            result = check(app_configs=app_configs, databases=databases)
            if isinstance(result, str) or not isinstance(result, Iterable):
                raise TypeError(
                    f"The function {check!r} did not return a list. All functions registered with the checks registry "
                    "must return a list."
                )
            found += result
        return found

    def tags_available(self, deployment_checks: bool = False) -> set[str]:
        """Return the tags that checks have, or may have."""
        self.load()
        known = [self.registered_checks, *([self.deployment_checks] if deployment_checks else [])]
        return {tag for checks in known for tags in checks.values() for tag in tags} | self.tags

    def tag_exists(self, tag: str, include_deployment_checks: bool = False) -> bool:
        """Whether a check has this tag, or may have it."""
        return tag in self.tags_available(include_deployment_checks)


registry = CheckRegistry(["orm.models.checks.everything"], DOCUMENTED)
register = registry.register
run_checks = registry.run_checks
tag_exists = registry.tag_exists
