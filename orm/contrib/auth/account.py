"""What a user does with a password. The twin is generated; import it from ``account_blocking``."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from orm.late import late_module
from orm.security import audience
from orm.security.crypto import salted_hmac
from orm.security.passwords import is_password_usable, make_password, verify_password

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orm.bridge import crossing
    from orm.models.base import AwaitableModel as MixedIntoModel
    from orm.models.fields.text import CharField
else:
    MixedIntoModel = object
    crossing = late_module("orm.bridge.crossing")


class AwaitableAccount(MixedIntoModel):
    """The part of a user model that sets and checks passwords."""

    password: CharField[str]
    USERNAME_FIELD: str
    _password: str | None = None

    def get_username(self) -> Any:
        """Return the value of the field that names the user."""
        return getattr(self, self.USERNAME_FIELD)

    def natural_key(self) -> tuple[Any]:
        """Return what names the row in fixtures."""
        return (self.get_username(),)

    @property
    def is_anonymous(self) -> bool:
        """False: this is somebody."""
        return False

    @property
    def is_authenticated(self) -> bool:
        """True: this is somebody."""
        return True

    def set_password(self, raw_password: str | None) -> None:
        """Set the hash of a password; None makes one that no password has. Saving is the caller's.

        The password itself is kept until then, for who wants to know of it: validators with a ``password_changed``.
        """
        self.password = make_password(raw_password)
        self._password = raw_password

    async def _save(
        self, force_insert: Any, force_update: bool, using: str | None, update_fields: Iterable[str] | None
    ) -> None:
        await super()._save(force_insert, force_update, using, update_fields)
        if self._password is not None:
            if audience.told is not None:
                await crossing.call(audience.told, self._password, self)
            self._password = None

    _save.__qualname__ = "AwaitableModel.asave"  # by which save() is refused where it would block a loop

    def set_unusable_password(self) -> None:
        """Set a hash that no password has."""
        self.password = make_password(None)

    def has_usable_password(self) -> bool:
        """Return whether there is a hash that a password may have."""
        return is_password_usable(self.password)

    async def acheck_password(self, raw_password: str) -> bool:
        """Return whether a password is the user's; a hash weaker than those of today is replaced and saved."""
        correct, must_update = verify_password(raw_password, self.password)
        if correct and must_update:
            self.password = make_password(raw_password)
            await self.asave(update_fields=["password"])
        return correct

    def get_session_auth_hash(self) -> str:
        """Return a digest of the password's hash, by which sessions end when it changes."""
        key = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(key, self.password, algorithm="sha256").hexdigest()

    @classmethod
    def get_email_field_name(cls) -> str:
        """Return the name of the field that holds the address."""
        return getattr(cls, "EMAIL_FIELD", None) or "email"

    @classmethod
    def normalize_username(cls, username: object) -> Any:
        """Return a name in one form of Unicode (NFKC)."""
        return unicodedata.normalize("NFKC", username) if isinstance(username, str) else username
