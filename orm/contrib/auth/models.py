"""``User``, ``Group`` and ``Permission``, and the abstract models that a project's own user inherits."""

from __future__ import annotations

import datetime
from typing import Any

from orm import models
from orm.contrib.auth.account_blocking import Account
from orm.contrib.auth.managers_blocking import Accounts, Groups, Permissions, Users
from orm.contrib.auth.rights_blocking import Rights
from orm.contrib.contenttypes.models import ContentType
from orm.models.fields.validators import RegexValidator
from orm.models.managers import Manager
from orm.sql import types


class UnicodeUsernameValidator(RegexValidator):
    """Letters, digits and @/./+/-/_ of any language."""

    regex = r"^[\w.@+-]+\Z"
    message = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."


class ASCIIUsernameValidator(RegexValidator):
    """Letters, digits and @/./+/-/_ of ASCII."""

    regex = r"^[\w.@+-]+\Z"
    message = (
        "Enter a valid username. This value may contain only unaccented lowercase a-z and uppercase A-Z letters, "
        "numbers, and @/./+/-/_ characters."
    )
    flags = 256  # re.ASCII


class PermissionManager(Permissions, Manager["Permission"]):
    """The manager ``Permission.objects``."""


class GroupManager(Groups, Manager["Group"]):
    """The manager ``Group.objects``."""


class BaseUserManager(Accounts, Manager[Any]):
    """The manager of a user model of a project's own."""


class UserManager(Users, Manager[Any]):
    """The manager of models that inherit ``AbstractUser``."""


class Permission(models.Model):
    """What somebody may do with the rows of a model."""

    id = models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)
    name = models.CharField("name", max_length=255)
    content_type = models.ForeignKey(ContentType, models.CASCADE, verbose_name="content type")
    codename = models.CharField("codename", max_length=100)

    objects = PermissionManager()

    class Meta:
        app_label = "auth"
        verbose_name = "permission"
        verbose_name_plural = "permissions"
        unique_together = [["content_type", "codename"]]
        ordering = ["content_type__app_label", "content_type__model", "codename"]

    def __str__(self) -> str:
        return f"{self.content_type} | {self.name}"

    def natural_key(self) -> tuple[str, ...]:
        """Return what names the row in fixtures."""
        return (self.codename, *self.content_type.natural_key())

    natural_key.dependencies = ["contenttypes.contenttype"]  # type: ignore[attr-defined]


class Group(models.Model):
    """Users who may do the same."""

    id = models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)
    name = models.CharField("name", max_length=150, unique=True)
    permissions = models.ManyToManyField(Permission, verbose_name="permissions", blank=True)

    objects = GroupManager()

    class Meta:
        app_label = "auth"
        verbose_name = "group"
        verbose_name_plural = "groups"

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Return what names the row in fixtures."""
        return (self.name,)


class AbstractBaseUser(Account, models.Model):
    """A user with a password and nothing else. A subclass says which field is the name: ``USERNAME_FIELD``."""

    password = models.CharField("password", max_length=128)
    last_login = models.DateTimeField("last login", blank=True, null=True)

    is_active: Any = True
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.get_username())

    def clean(self) -> None:
        """Bring the name into one form of Unicode."""
        setattr(self, self.USERNAME_FIELD, self.normalize_username(self.get_username()))


class PermissionsMixin(Rights, models.Model):
    """Groups and permissions for a user model."""

    is_superuser = models.BooleanField(
        "superuser status",
        default=False,
        help_text="Designates that this user has all permissions without explicitly assigning them.",
    )
    groups = models.ManyToManyField(
        Group,
        verbose_name="groups",
        blank=True,
        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
        related_name="user_set",
        related_query_name="user",
    )
    user_permissions = models.ManyToManyField(
        Permission,
        verbose_name="user permissions",
        blank=True,
        help_text="Specific permissions for this user.",
        related_name="user_set",
        related_query_name="user",
    )

    class Meta:
        abstract = True


def this_moment() -> datetime.datetime:
    """Return this moment, aware while the settings use time zones."""
    now = datetime.datetime.now(tz=datetime.UTC)
    return now if types.default_zone is not None else now.astimezone().replace(tzinfo=None)


class AbstractUser(AbstractBaseUser, PermissionsMixin):
    """A user with a name, an address, and permissions."""

    username_validator = UnicodeUsernameValidator()

    username = models.CharField(
        "username",
        max_length=150,
        unique=True,
        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
        validators=[username_validator],
        error_messages={"unique": "A user with that username already exists."},
    )
    first_name = models.CharField("first name", max_length=150, blank=True)
    last_name = models.CharField("last name", max_length=150, blank=True)
    email = models.EmailField("email address", blank=True)
    is_staff = models.BooleanField(
        "staff status", default=False, help_text="Designates whether the user can log into this admin site."
    )
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting "
        "accounts.",
    )
    date_joined = models.DateTimeField("date joined", default=this_moment)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["email"]

    class Meta(AbstractBaseUser.Meta, PermissionsMixin.Meta):
        abstract = True
        verbose_name = "user"
        verbose_name_plural = "users"

    def clean(self) -> None:
        """Bring name and address into their usual form."""
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.first_name

    def email_user(self, subject: str, message: str, from_email: str | None = None, **kwargs: object) -> None:
        """Not built: sending mail belongs to the web."""
        raise NotImplementedError("Duotone sends no mail: give user.email to the program that does.")


class User(AbstractUser):
    """The user of a project that has no model of its own."""

    id = models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)

    class Meta(AbstractUser.Meta):
        app_label = "auth"
        swappable = "AUTH_USER_MODEL"


class AnonymousUser:
    """Nobody in particular: may do nothing, and can't be saved."""

    id = None
    pk = None
    username = ""
    is_staff = False
    is_active = False
    is_superuser = False
    is_anonymous = True
    is_authenticated = False

    def __str__(self) -> str:
        return "AnonymousUser"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    def __hash__(self) -> int:
        return 1

    def __int__(self) -> int:
        raise TypeError("Cannot cast AnonymousUser to int. Are you trying to use it in place of User?")

    @property
    def groups(self) -> models.QuerySet[Group]:
        """No groups."""
        return Group.objects.none()

    @property
    def user_permissions(self) -> models.QuerySet[Permission]:
        """No permissions."""
        return Permission.objects.none()

    def get_user_permissions(self, obj: object = None) -> set[str]:
        """Return none."""
        return set()

    def get_group_permissions(self, obj: object = None) -> set[str]:
        """Return none."""
        return set()

    def _refuse(self) -> None:
        raise NotImplementedError("Django doesn't provide a DB representation for AnonymousUser.")

    def save(self) -> None:
        """Refused: there is no row."""
        self._refuse()

    def delete(self) -> None:
        """Refused: there is no row."""
        self._refuse()

    def set_password(self, raw_password: str) -> None:
        """Refused: there is no row."""
        self._refuse()

    def check_password(self, raw_password: str) -> None:
        """Refused: there is no row."""
        self._refuse()

    def get_username(self) -> str:
        """Return the empty name."""
        return self.username

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return False."""
        return False

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:
        """Return whether nothing is asked for."""
        return not list(perm_list)

    def has_module_perms(self, module: str) -> bool:
        """Return False."""
        return False

    def get_all_permissions(self, obj: object = None) -> set[str]:
        """Return none."""
        return set()
