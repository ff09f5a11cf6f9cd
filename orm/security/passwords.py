"""Password hashes in Django's formats: what one writes, the other reads.

A hash is text: ``algorithm$parameters$salt$digest``. The first of ``hashers`` writes new ones, all of them are read.
What needs a package (argon2-cffi, bcrypt) says so where it is used.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import math
from typing import Any

from orm.errors import ImproperlyConfigured
from orm.security.crypto import RANDOM_STRING_CHARS, constant_time_compare, get_random_string, pbkdf2
from orm.text.encoding import force_bytes

UNUSABLE_PASSWORD_PREFIX = "!"
UNUSABLE_PASSWORD_SUFFIX_LENGTH = 40
SALT_ENTROPY = 128
"""Bits of chance in a salt."""


class BasePasswordHasher:
    """One algorithm; a subclass names it, encodes, verifies and decodes."""

    algorithm: str
    library: str | tuple[str, str] | None = None
    salt_entropy = SALT_ENTROPY

    def _load_library(self) -> Any:
        """Import the package the algorithm needs; raise ``ValueError`` where it is missing."""
        if self.library is None:
            raise ValueError(f"Hasher {type(self).__name__!r} doesn't specify a library attribute")
        package, module = self.library if isinstance(self.library, tuple) else (self.library, self.library)
        try:
            return importlib.import_module(module)
        except ImportError as error:
            raise ValueError(
                f"Couldn't load {type(self).__name__!r} algorithm library: {error}; install {package}"
            ) from error

    def salt(self) -> str:
        """Return a new salt."""
        count = math.ceil(self.salt_entropy / math.log2(len(RANDOM_STRING_CHARS)))
        return get_random_string(count)

    def check(self, password: object, salt: str) -> None:
        """Raise ``TypeError`` for no password, ``ValueError`` for a salt that can't be one."""
        if password is None:
            raise TypeError("password must be provided.")
        if not salt or "$" in salt:
            raise ValueError("salt must be provided and cannot contain $.")

    def encode(self, password: object, salt: str) -> str:
        """Return the hash of a password; for subclasses."""
        raise NotImplementedError("subclasses of BasePasswordHasher must provide an encode() method")

    def verify(self, password: object, encoded: str) -> bool:
        """Return whether a password has this hash; for subclasses."""
        raise NotImplementedError("subclasses of BasePasswordHasher must provide a verify() method")

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of a hash; for subclasses."""
        raise NotImplementedError("subclasses of BasePasswordHasher must provide a decode() method.")

    def safe_summary(self, encoded: str) -> dict[str, str]:
        """Return what may be shown of a hash."""
        parts = self.decode(encoded)
        return {name: _masked(str(value)) if name in ("hash", "salt") else str(value) for name, value in parts.items()}

    def must_update(self, encoded: str) -> bool:
        """Return whether a hash should be made anew, being weaker than those made today."""
        return False

    def harden_runtime(self, password: object, encoded: str) -> None:
        """Take the time that a hash of today's strength would have taken; for subclasses."""

    def _salt_is_weak(self, salt: str) -> bool:
        return len(salt) * math.log2(len(RANDOM_STRING_CHARS)) < self.salt_entropy


def _masked(text: str, shown: int = 6) -> str:
    return text[:shown] + "*" * len(text[shown:])


class PBKDF2PasswordHasher(BasePasswordHasher):
    """PBKDF2 with HMAC-SHA256 (NIST SP 800-132)."""

    algorithm = "pbkdf2_sha256"
    iterations = 1_000_000
    digest: Any = hashlib.sha256

    def encode(self, password: Any, salt: str, iterations: int | None = None) -> str:
        """Return the hash of a password."""
        self.check(password, salt)
        rounds = iterations or self.iterations
        digest = base64.b64encode(pbkdf2(password, salt, rounds, digest=type(self).digest)).decode("ascii").strip()
        return f"{self.algorithm}${rounds}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of a hash."""
        algorithm, iterations, salt, digest = encoded.split("$", 3)
        return {"algorithm": algorithm, "hash": digest, "iterations": int(iterations), "salt": salt}

    def verify(self, password: object, encoded: str) -> bool:
        """Return whether a password has this hash."""
        parts = self.decode(encoded)
        return constant_time_compare(encoded, self.encode(password, parts["salt"], parts["iterations"]))

    def must_update(self, encoded: str) -> bool:
        """Return whether the hash has other iterations or a weaker salt than new ones."""
        parts = self.decode(encoded)
        return parts["iterations"] != self.iterations or self._salt_is_weak(parts["salt"])

    def harden_runtime(self, password: object, encoded: str) -> None:
        """Run the iterations that an older hash spared."""
        parts = self.decode(encoded)
        missing = self.iterations - parts["iterations"]
        if missing > 0:
            self.encode(password, parts["salt"], missing)


class PBKDF2SHA1PasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2 with HMAC-SHA1."""

    algorithm = "pbkdf2_sha1"
    digest = hashlib.sha1


class ScryptPasswordHasher(BasePasswordHasher):
    """scrypt (RFC 7914)."""

    algorithm = "scrypt"
    block_size = 8
    maxmem = 0
    parallelism = 5
    work_factor = 2**14

    def encode(
        self, password: object, salt: str, n: int | None = None, r: int | None = None, p: int | None = None
    ) -> str:
        """Return the hash of a password."""
        self.check(password, salt)
        n, r, p = n or self.work_factor, r or self.block_size, p or self.parallelism
        digest = hashlib.scrypt(
            force_bytes(password), salt=force_bytes(salt), n=n, r=r, p=p, maxmem=self.maxmem, dklen=64
        )
        return f"{self.algorithm}${n}${salt}${r}${p}${base64.b64encode(digest).decode('ascii').strip()}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of a hash."""
        algorithm, factor, salt, block, parallel, digest = encoded.split("$", 6)
        return {
            "algorithm": algorithm, "work_factor": int(factor), "salt": salt, "block_size": int(block),
            "parallelism": int(parallel), "hash": digest,
        }  # fmt: skip

    def verify(self, password: object, encoded: str) -> bool:
        """Return whether a password has this hash."""
        parts = self.decode(encoded)
        again = self.encode(password, parts["salt"], parts["work_factor"], parts["block_size"], parts["parallelism"])
        return constant_time_compare(encoded, again)

    def must_update(self, encoded: str) -> bool:
        """Return whether the hash was made with other parameters than new ones."""
        parts = self.decode(encoded)
        today = {"work_factor": self.work_factor, "block_size": self.block_size, "parallelism": self.parallelism}
        return any(parts[name] != value for name, value in today.items())


class Argon2PasswordHasher(BasePasswordHasher):
    """Argon2id; needs argon2-cffi."""

    algorithm = "argon2"
    library = ("argon2-cffi", "argon2")
    time_cost = 2
    memory_cost = 102_400
    parallelism = 8

    def encode(self, password: object, salt: str) -> str:
        """Return the hash of a password."""
        argon2 = self._load_library()
        low = argon2.low_level
        data = low.hash_secret(
            force_bytes(password), force_bytes(salt), time_cost=self.time_cost, memory_cost=self.memory_cost,
            parallelism=self.parallelism, hash_len=argon2.DEFAULT_HASH_LENGTH, type=low.Type.ID,
        )  # fmt: skip
        return str(self.algorithm + data.decode("ascii"))

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of a hash."""
        argon2 = self._load_library()
        algorithm, rest = encoded.split("$", 1)
        parameters = argon2.extract_parameters("$" + rest)
        variety, *_, salt, digest = rest.split("$")
        padded = salt + "=" * (-len(salt) % 4)
        return {
            "algorithm": algorithm, "hash": digest, "memory_cost": parameters.memory_cost,
            "parallelism": parameters.parallelism, "salt": base64.b64decode(padded).decode("latin1"),
            "time_cost": parameters.time_cost, "variety": variety, "version": parameters.version, "params": parameters,
        }  # fmt: skip

    def verify(self, password: object, encoded: str) -> bool:
        """Return whether a password has this hash."""
        argon2 = self._load_library()
        try:
            return bool(argon2.PasswordHasher().verify("$" + encoded.split("$", 1)[1], password))
        except argon2.exceptions.VerificationError:
            return False

    def must_update(self, encoded: str) -> bool:
        """Return whether the hash was made with other parameters or a weaker salt than new ones."""
        parts = self.decode(encoded)
        today = {"time_cost": self.time_cost, "memory_cost": self.memory_cost, "parallelism": self.parallelism}
        changed = any(parts[name] != value for name, value in today.items())
        return changed or self._salt_is_weak(parts["salt"])


class BCryptSHA256PasswordHasher(BasePasswordHasher):
    """bcrypt of the password's SHA-256; needs bcrypt."""

    algorithm = "bcrypt_sha256"
    library = ("bcrypt", "bcrypt")
    rounds = 12
    digest: Any = hashlib.sha256

    def salt(self) -> Any:
        """Return a new salt, as bcrypt writes it."""
        return self._load_library().gensalt(self.rounds)

    def encode(self, password: object, salt: object) -> str:
        """Return the hash of a password."""
        data = force_bytes(password)
        if type(self).digest is not None:
            data = type(self).digest(data).hexdigest().encode()
        return f"{self.algorithm}${self._load_library().hashpw(data, force_bytes(salt)).decode('ascii')}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of a hash."""
        algorithm, _, variety, factor, data = encoded.split("$", 4)
        return {
            "algorithm": algorithm, "algostr": variety, "checksum": data[22:], "salt": data[:22],
            "work_factor": int(factor),
        }  # fmt: skip

    def verify(self, password: object, encoded: str) -> bool:
        """Return whether a password has this hash."""
        return constant_time_compare(encoded, self.encode(password, encoded.split("$", 1)[1]))

    def must_update(self, encoded: str) -> bool:
        """Return whether the hash has other rounds than new ones."""
        return bool(self.decode(encoded)["work_factor"] != self.rounds)


class BCryptPasswordHasher(BCryptSHA256PasswordHasher):
    """bcrypt of the password itself, of which bcrypt takes the first 72 bytes; needs bcrypt."""

    algorithm = "bcrypt"
    digest = None


class MD5PasswordHasher(BasePasswordHasher):
    """Salted MD5: for tests, being quick, and for hashes of old."""

    algorithm = "md5"

    def encode(self, password: object, salt: str) -> str:
        """Return the hash of a password."""
        self.check(password, salt)
        return f"{self.algorithm}${salt}${hashlib.md5(force_bytes(salt) + force_bytes(password)).hexdigest()}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of a hash."""
        algorithm, salt, digest = encoded.split("$", 2)
        return {"algorithm": algorithm, "hash": digest, "salt": salt}

    def verify(self, password: object, encoded: str) -> bool:
        """Return whether a password has this hash."""
        return constant_time_compare(encoded, self.encode(password, self.decode(encoded)["salt"]))

    def must_update(self, encoded: str) -> bool:
        """Return whether the salt is weaker than new ones."""
        return self._salt_is_weak(self.decode(encoded)["salt"])


HASHERS: tuple[type[BasePasswordHasher], ...] = (
    PBKDF2PasswordHasher,
    PBKDF2SHA1PasswordHasher,
    Argon2PasswordHasher,
    BCryptSHA256PasswordHasher,
    ScryptPasswordHasher,
)
"""The algorithms of Django's setting PASSWORD_HASHERS, when nobody sets it."""


class Hashers:
    """The algorithms in force: the first writes, all read. ``in_use`` is set by whoever reads settings."""

    def __init__(self) -> None:
        self.in_use: tuple[type[BasePasswordHasher], ...] = HASHERS

    def all(self) -> list[BasePasswordHasher]:
        """Return the algorithms, the preferred first."""
        return [hasher() for hasher in self.in_use]

    def get(self, algorithm: Any = "default") -> BasePasswordHasher:
        """Return one algorithm by name; ``ValueError`` for an unknown one."""
        if isinstance(algorithm, BasePasswordHasher):
            return algorithm
        if algorithm == "default":
            return self.all()[0]
        found = {hasher.algorithm: hasher for hasher in self.all()}.get(algorithm)
        if found is None:
            raise ValueError(
                f"Unknown password hashing algorithm '{algorithm}'. Did you specify it in the PASSWORD_HASHERS setting?"
            )
        return found

    def identify(self, encoded: str) -> BasePasswordHasher:
        """Return the algorithm a hash was made with; ``ValueError`` for an unknown one."""
        return self.get(encoded.split("$", 1)[0])


hashers = Hashers()


def is_password_usable(encoded: str | None) -> bool:
    """Return whether a hash is one a password may have: not made by ``make_password(None)``."""
    return encoded is None or not encoded.startswith(UNUSABLE_PASSWORD_PREFIX)


def make_password(password: object, salt: str | None = None, hasher: object = "default") -> str:
    """Return the hash of a password; of None one that no password has.

    Raises ``TypeError`` for what is neither text nor bytes.
    """
    if password is None:
        return UNUSABLE_PASSWORD_PREFIX + get_random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH)
    if not isinstance(password, (bytes, str)):
        raise TypeError(f"Password must be a string or bytes, got {type(password).__qualname__}.")
    chosen = hashers.get(hasher)
    return chosen.encode(password, salt or chosen.salt())


def verify_password(password: object, encoded: str | None, preferred: object = "default") -> tuple[bool, bool]:
    """Return whether a password has a hash, and whether that should be made anew; a wrong one takes as long."""
    chosen = hashers.get(preferred)
    hasher = None
    if password is not None and encoded is not None and is_password_usable(encoded):
        try:
            hasher = hashers.identify(encoded)
        except ValueError:
            hasher = None  # made by no algorithm that is known here
    if hasher is None or encoded is None:
        make_password(get_random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH))
        return False, False
    changed = hasher.algorithm != chosen.algorithm
    must_update = changed or chosen.must_update(encoded)
    correct = hasher.verify(password, encoded)
    if not correct and not changed and must_update:
        hasher.harden_runtime(password, encoded)
    return correct, must_update


def use_hashers(classes: Any) -> None:
    """Take the algorithms of a setting into force, the preferred first.

    Raises ``ImproperlyConfigured`` for a class without an algorithm.
    """
    for each in classes:
        if not getattr(each, "algorithm", None):
            raise ImproperlyConfigured(f"hasher doesn't specify an algorithm name: {each}")
    hashers.in_use = tuple(classes)
