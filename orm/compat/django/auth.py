"""Names of ``django.contrib.auth`` around its models: hashes, checks of new passwords, signals, and who a name is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from orm.bridge import crossing, run
from orm.compat.django import timezone
from orm.compat.django.settings import settings
from orm.contrib.auth.current import get_user_model
from orm.contrib.auth.permissions import acreate_permissions
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.errors import ImproperlyConfigured, PermissionDenied
from orm.models.apps import apps as default_apps
from orm.models.signals import Signal
from orm.security.passwords import hashers, make_password, verify_password
from orm.structures.loading import import_string

if TYPE_CHECKING:
    from orm.models.applications import AppConfig


__all__ = [
    "BACKEND_SESSION_KEY",
    "HASH_SESSION_KEY",
    "REDIRECT_FIELD_NAME",
    "SESSION_KEY",
    "aauthenticate",
    "acheck_password",
    "authenticate",
    "check_password",
    "create_permissions",
    "get_backends",
    "get_hasher",
    "get_hashers",
    "get_permission_codename",
    "get_user_model",
    "identify_hasher",
    "load_backend",
    "user_logged_in",
    "user_logged_out",
    "user_login_failed",
]

SESSION_KEY = "_auth_user_id"
BACKEND_SESSION_KEY = "_auth_user_backend"
HASH_SESSION_KEY = "_auth_user_hash"
REDIRECT_FIELD_NAME = "next"

user_logged_in = Signal(name="user_logged_in")
user_logged_out = Signal(name="user_logged_out")
user_login_failed = Signal(name="user_login_failed")


def update_last_login(sender: object, user: Any, **kwargs: object) -> None:
    """Note that a user has logged in now, where the model has a ``last_login``."""
    if any(field.name == "last_login" for field in user._meta.fields):
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])


user_logged_in.connect(update_last_login, dispatch_uid="update_last_login")

get_hasher = hashers.get
get_hashers = hashers.all
identify_hasher = hashers.identify


def check_password(password: object, encoded: str | None, setter: Any = None, preferred: str = "default") -> bool:
    """Return whether a password has a hash; ``setter(password)`` is called where that should be made anew."""
    correct, must_update = verify_password(password, encoded, preferred)
    if setter and correct and must_update:
        setter(password)
    return correct


async def acheck_password(
    password: object, encoded: str | None, setter: Any = None, preferred: str = "default"
) -> bool:
    """Return whether a password has a hash; ``await setter(password)`` where that should be made anew."""
    correct, must_update = verify_password(password, encoded, preferred)
    if setter and correct and must_update:
        await setter(password)
    return correct


def get_permission_codename(action: str, opts: Any) -> str:
    """Return ``action_model``."""
    return f"{action}_{opts.model_name}"


def create_permissions(
    app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, apps: Any = default_apps, **kwargs: object
) -> None:
    """Make the permissions that an application's models bring and the table lacks."""
    run(acreate_permissions(app_config, using=using, apps=apps))


class BaseBackend:
    """Knows nobody; a subclass says who has which credentials, and what they may do."""

    def authenticate(self, request: object, **kwargs: object) -> Any:
        """Return the user who has these credentials, or None."""
        return None

    async def aauthenticate(self, request: object, **kwargs: object) -> Any:
        """``authenticate`` for async code."""
        return await crossing.call(partial(self.authenticate, request, **kwargs))

    def get_user(self, user_id: object) -> Any:
        """Return the user of a key, or None."""
        return None

    def get_user_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        """Return the permissions given to a user in person."""
        return set()

    def get_group_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        """Return the permissions of a user's groups."""
        return set()

    def get_all_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        """Return all permissions of a user."""
        return {*self.get_user_permissions(user_obj, obj), *self.get_group_permissions(user_obj, obj)}

    def has_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        """Return whether a user has a permission."""
        return perm in self.get_all_permissions(user_obj, obj)


class ModelBackend(BaseBackend):
    """Knows users by name and password, and what they may do."""

    def authenticate(self, request: object, username: object = None, password: object = None, **kwargs: object) -> Any:
        """Return the active user who has this name and password, or None; takes the same time for a wrong name."""
        model = get_user_model()
        name = kwargs.get(model.USERNAME_FIELD) if username is None else username
        if name is None or password is None:
            return None
        try:
            user = model._default_manager.get_by_natural_key(name)
        except model.DoesNotExist:
            make_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    async def aauthenticate(
        self, request: object, username: object = None, password: object = None, **kwargs: object
    ) -> Any:
        """``authenticate`` for async code."""
        model = get_user_model()
        name = kwargs.get(model.USERNAME_FIELD) if username is None else username
        if name is None or password is None:
            return None
        try:
            user = await model._default_manager.aget_by_natural_key(name)
        except model.DoesNotExist:
            make_password(password)
            return None
        return user if await user.acheck_password(password) and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: object) -> bool:
        """Return whether a user may log in: one that is active, or whose model does not say."""
        return bool(getattr(user, "is_active", True))

    def get_user(self, user_id: object) -> Any:
        """Return the user of a key who may log in, or None."""
        model = get_user_model()
        user = model._default_manager.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def has_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        """Return whether an active user has a permission."""
        return bool(user_obj.is_active) and perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Return whether an active user has any permission of an application."""
        known = self.get_all_permissions(user_obj) if user_obj.is_active else ()
        return any(perm.partition(".")[0] == app_label for perm in known)

    def get_user_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        """Return the permissions given to a user in person; of an object's there are none."""
        return read_permissions(user_obj, "user", obj)

    def get_group_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        """Return the permissions of a user's groups; of an object's there are none."""
        return read_permissions(user_obj, "group", obj)

    def get_all_permissions(self, user_obj: object, obj: object = None) -> set[str]:
        """Return all permissions of a user; of an object's there are none."""
        return read_permissions(user_obj, "all", obj)


def read_permissions(user: Any, kind: str, obj: object) -> set[str]:
    """Return what the tables say of a user; nothing of one that is in none."""
    if getattr(user, "is_anonymous", False) or not hasattr(user, "read_permissions"):
        return set()
    found: set[str] = user.read_permissions(kind, obj)
    return found


class AllowAllUsersModelBackend(ModelBackend):
    """Lets users log in who are not active, too."""

    def user_can_authenticate(self, user: object) -> bool:
        """Return True."""
        return True


def load_backend(path: str) -> Any:
    """Return what knows users, by the path of its class."""
    return import_string(path)()


def get_backends() -> list[Any]:
    """Return what knows users, in the order of AUTHENTICATION_BACKENDS.

    Raises ``ImproperlyConfigured`` where the setting is empty.
    """
    found = [load_backend(path) for path in settings.AUTHENTICATION_BACKENDS]
    if not found:
        raise ImproperlyConfigured(
            "No authentication backends have been defined. Does AUTHENTICATION_BACKENDS contain anything?"
        )
    return found


def authenticate(request: object = None, **credentials: object) -> Any:
    """Return the user who has these credentials, or None; the first backend that knows or refuses them decides."""
    for backend in get_backends():
        try:
            user = backend.authenticate(request, **credentials)
        except PermissionDenied:
            break
        if user is not None:
            return user
    user_login_failed.send(sender=__name__, credentials=without_secrets(credentials), request=request)
    return None


async def aauthenticate(request: object = None, **credentials: object) -> Any:
    """``authenticate`` for async code."""
    for backend in get_backends():
        try:
            user = await backend.aauthenticate(request, **credentials)
        except PermissionDenied:
            break
        if user is not None:
            return user
    await user_login_failed.asend(sender=__name__, credentials=without_secrets(credentials), request=request)
    return None


def without_secrets(credentials: dict[str, Any]) -> dict[str, Any]:
    """Return credentials with those hidden whose names say they are secret."""
    secret = ("api", "token", "key", "secret", "password", "signature")
    return {
        name: "********************" if any(word in name.lower() for word in secret) else value
        for name, value in credentials.items()
    }
