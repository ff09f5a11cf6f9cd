"""Password hashes and signatures that Django 5.2 made are read here, with its secret key "k"."""

from __future__ import annotations

import pytest

from orm.security import passwords, signing
from orm.security.passwords import HASHERS, BasePasswordHasher, MD5PasswordHasher, hashers, make_password

MADE_BY_DJANGO = [
    "pbkdf2_sha256$1000000$zOuIZxqJ29bKetBdlmwhO4$bb/cfKqQqHoMVYRkvVve1lpN8JLLeFOiYwJYKeUCV8U=",
    "pbkdf2_sha1$1000000$iLoSteD98GxX0wkUeSCiza$I/wlojlSqyuTbnCDUTSj4ABw4xw=",
    "scrypt$16384$V7cRAUNjyqoIZOpq833ooa$8$5$VOHjqvWRwuIMyE8isGtOrtVOP2AxkcyHwVs4Rbd97mFzMFXPp4W5b9Wt9T9nAtrKIYHhczhXbm9n"
    "VBiRUQJqVg==",
]


@pytest.mark.parametrize("encoded", MADE_BY_DJANGO)
def test_a_hash_of_django_is_read(encoded: str) -> None:
    hasher = hashers.identify(encoded)
    assert hasher.verify("pw", encoded)
    assert not hasher.verify("pq", encoded)
    assert not hasher.must_update(encoded)
    assert "*" in hasher.safe_summary(encoded)["hash"]


def test_the_old_md5_is_read_where_the_settings_list_it() -> None:
    encoded = "md5$Eg2WYeuciqzwQ1DdnZnNun$893f052596c1c71d53b9a77175a81023"
    assert MD5PasswordHasher().verify("pw", encoded)
    with pytest.raises(ValueError, match="Unknown password hashing algorithm 'md5'"):
        hashers.identify(encoded)


@pytest.mark.parametrize("salt", ["", "a$b"])
def test_a_salt_that_can_not_be_one(salt: str) -> None:
    with pytest.raises(ValueError, match="salt must be provided"):
        MD5PasswordHasher().encode("x", salt)


def test_what_is_no_password() -> None:
    with pytest.raises(TypeError, match="must be a string or bytes"):
        make_password(7)
    unusable = make_password(None)
    assert not passwords.is_password_usable(unusable)
    assert passwords.is_password_usable(None)


@pytest.mark.parametrize(
    ("value", "key", "algorithm", "expected"),
    [
        ("value", "key", "sha1", "r6qsg9p76MUEYxccQZ-i8w-K2ig"),
        ("value", "key", "sha256", "_4h-ll07Qcs2k19uykwYpTcKCLLhQwp9WRyMV3hlDG0"),
        (b"v\xff", b"key", "sha1", "8G_I_Vyy1F35xvOA29COWx04Wt4"),
    ],
)
def test_a_digest_is_djangos(value: str | bytes, key: str | bytes, algorithm: str, expected: str) -> None:
    assert signing.base64_hmac("salt", value, key, algorithm) == expected


def test_an_algorithm_without_its_package_says_so() -> None:
    class Absent(BasePasswordHasher):
        algorithm = "absent"
        library = ("the-package", "a_module_nobody_has")

    with pytest.raises(ValueError, match="install the-package"):
        Absent()._load_library()
    assert [hasher.algorithm for hasher in HASHERS][0] == "pbkdf2_sha256"


def test_signatures_of_django_are_read() -> None:
    signed = ".eJyrVkpUsoo21FGqoANQiq0FAL3QMhE:1xXKAU:RgjAArV3TogC2AYbrJPxk2eLvRkQLZvEVT7mkunIKaE"
    assert signing.loads(signed, key="k") == {"a": [1, "x" * 100]}
    assert (
        signing.Signer(key="k", salt="django.core.signing.Signer").unsign(
            "v:k4enFurzlQROEtUd-hRryEVuIseVMeDQ1XZiY5F3juM"
        )
        == "v"
    )


def test_what_was_changed_is_refused() -> None:
    signer = signing.Signer(key="k")
    with pytest.raises(signing.BadSignature, match="does not match"):
        signer.unsign(signer.sign("a") + "x")
    with pytest.raises(signing.BadSignature, match="No"):
        signer.unsign("a")
    with pytest.raises(ValueError, match="Unsafe"):
        signing.Signer(key="k", sep="-")
    assert signing.Signer(key="new", fallback_keys=["k"]).unsign(signer.sign("a")) == "a"


def test_a_signature_gets_old(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = signing.TimestampSigner(key="k")
    signed = signer.sign("a")
    assert signer.unsign(signed, max_age=60) == "a"
    real = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: real + 61)
    with pytest.raises(signing.SignatureExpired):
        signer.unsign(signed, max_age=60)
