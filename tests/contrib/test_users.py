"""Users, groups, permissions, sites and sessions, in both colours on every database."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.contrib.auth.current import get_user_model
from orm.contrib.auth.models import AnonymousUser, Group, Permission, User
from orm.contrib.auth.permissions import acreate_permissions
from orm.contrib.contenttypes.models import ContentType
from orm.contrib.sessions.models import Session
from orm.contrib.sites.apps import SitesConfig
from orm.contrib.sites.default import acreate_default_site
from orm.contrib.sites.models import Site
from orm.errors import ImproperlyConfigured, IntegrityError
from orm.models.apps import apps
from orm.security import audience
from orm.security.passwords import MD5PasswordHasher, hashers
from tests.counting import Queries


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Hashes that cost nothing, and nothing remembered."""
    before = hashers.in_use
    hashers.in_use = (MD5PasswordHasher, *before)
    ContentType.objects.clear_cache()
    Site.objects.clear_cache()
    yield
    hashers.in_use = before
    orm.configure(secret_key="", site_id=None)


async def test_a_user_is_made_with_a_hash(database: Any) -> None:
    user = await User.objects.acreate_user("ada", "Ada@EXAMPLE.org", "lovelace")
    assert (user.email, user.is_staff, user.is_superuser, user.is_active) == ("Ada@example.org", False, False, True)
    read = await User.objects.aget_by_natural_key("ada")
    assert read == user and read.password.startswith("md5$") and "lovelace" not in read.password
    assert await read.acheck_password("lovelace")
    assert not await read.acheck_password("byron")
    read.set_unusable_password()
    assert not read.has_usable_password()
    assert not await read.acheck_password("lovelace")
    root = await User.objects.acreate_superuser("root", password="x")
    assert root.is_staff and root.is_superuser
    assert (str(user), user.get_username(), user.is_authenticated, user.is_anonymous) == ("ada", "ada", True, False)
    assert get_user_model() is User


async def test_who_wants_to_know_hears_of_a_new_password_once_it_is_saved(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, Any]] = []
    monkeypatch.setattr(audience, "told", lambda password, user: heard.append((password, user.pk)))
    user = User(username="ada")
    user.set_password("lovelace")
    assert heard == []
    await user.asave()
    await user.asave()
    assert heard == [("lovelace", user.pk)]


async def test_a_new_password_is_kept_until_it_is_saved(database: Any) -> None:
    await User.objects.acreate_user("ada")
    user = User(username="ada")
    user.set_password("lovelace")
    with pytest.raises(IntegrityError):
        await user.asave()
    assert user._password == "lovelace"
    user.username = "augusta"
    await user.asave()
    assert user._password is None


async def test_who_hears_of_a_new_password_may_ask_the_database(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    monkeypatch.setattr(audience, "told", lambda password, user: counted.append(User.objects.count()))
    user = await User.objects.acreate_user("ada")
    user.set_password("lovelace")
    await user.asave(update_fields=["password"])
    assert counted == [1]


async def test_what_can_not_be_a_user(database: Any) -> None:
    with pytest.raises(ValueError, match="username must be set"):
        await User.objects.acreate_user("")
    with pytest.raises(ValueError, match="is_staff=True"):
        await User.objects.acreate_superuser("root", is_staff=False)
    assert await User.objects.acount() == 0


async def test_a_weaker_hash_is_made_anew_and_saved(database: Any) -> None:
    user = await User.objects.acreate_user("ada", password="x")
    user.password = MD5PasswordHasher().encode("x", "short")
    await user.asave()
    assert await user.acheck_password("x")
    assert len((await User.objects.aget()).password.split("$")[1]) == 22


async def test_permissions_of_users_and_groups(database: Any, queries: Queries) -> None:
    user = await User.objects.acreate_user("ada")
    kind = await ContentType.objects.aget_for_model(User)
    own = await Permission.objects.acreate(name="Can a", codename="a", content_type=kind)
    shared = await Permission.objects.acreate(name="Can b", codename="b", content_type=kind)
    group = await Group.objects.acreate(name="g")
    await group.permissions.aadd(shared)
    await user.groups.aadd(group)
    await user.user_permissions.aadd(own)
    assert await user.aget_user_permissions() == {"auth.a"}
    assert await user.aget_group_permissions() == {"auth.b"}
    with queries as counted:
        assert await user.ahas_perms(["auth.a", "auth.b"])
        assert not await user.ahas_perm("auth.c")
        assert await user.ahas_module_perms("auth") and not await user.ahas_module_perms("sites")
    assert counted == []
    assert not await user.ahas_perm("auth.a", obj=group)
    user.is_active = False
    assert not await user.ahas_perm("auth.a")
    root = await User.objects.acreate_superuser("root")
    assert await root.ahas_perm("any.thing") and await root.aget_all_permissions() == {"auth.a", "auth.b"}
    assert await Permission.objects.aget_by_natural_key("a", "auth", "user") == own
    assert await Group.objects.aget_by_natural_key("g") == group


async def test_a_list_of_permissions_is_no_text(database: Any) -> None:
    user = await User.objects.acreate_user("ada")
    with pytest.raises(ValueError, match="iterable of permissions"):
        await user.ahas_perms("auth.a")


@pytest.mark.only(colour="awaitable")
async def test_permissions_are_made_once(database: Any) -> None:
    class Config:
        label = "auth"

        @staticmethod
        def get_models() -> list[Any]:
            return [Group]

    for _ in range(2):
        await acreate_permissions(Config, apps=apps)
    names = [name async for name in Permission.objects.order_by("codename").values_list("codename", flat=True)]
    assert names == ["add_group", "change_group", "delete_group", "view_group"]


async def test_the_site_in_force(database: Any, queries: Queries) -> None:
    with pytest.raises(ImproperlyConfigured, match="SITE_ID"):
        await Site.objects.aget_current()
    orm.configure(site_id=3)
    site = await Site.objects.acreate(pk=3, domain="example.org", name="x")
    assert await Site.objects.aget_current() == site
    with queries as counted:
        assert await Site.objects.aget_current() == site
    assert counted == []
    site.domain = "example.com"
    await site.asave()
    assert (await Site.objects.aget_current()).domain == "example.com"


async def test_a_session_keeps_what_was_signed(database: Any) -> None:
    orm.configure(secret_key="k")
    end = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    await Session.objects.acreate(session_key="s", session_data=Session.objects.encode({"a": [1]}), expire_date=end)
    read = await Session.objects.aget()
    assert read.get_decoded() == {"a": [1]}
    read.session_data = read.session_data[:-1] + ("A" if read.session_data[-1] != "A" else "B")
    assert read.get_decoded() == {}


async def test_who_has_a_permission(database: Any) -> None:
    kind = await ContentType.objects.aget_for_model(User)
    permission = await Permission.objects.acreate(codename="fly", name="Can fly", content_type=kind)
    group = await Group.objects.acreate(name="birds")
    await group.permissions.aadd(permission)
    by_group, in_person, _root, asleep = [
        await User.objects.acreate_user(name, is_superuser=name == "root", is_active=name != "asleep")
        for name in ("swift", "pilot", "root", "asleep")
    ]
    await by_group.groups.aadd(group)
    await in_person.user_permissions.aadd(permission)
    await asleep.user_permissions.aadd(permission)

    async def names(*given: Any, **options: Any) -> set[str]:
        return {user.username async for user in User.objects.with_perm(*given, **options)}

    assert await names("auth.fly") == await names(permission) == {"swift", "pilot", "root"}
    assert await names("auth.fly", include_superusers=False) == {"swift", "pilot"}
    assert await names("auth.fly", is_active=None, include_superusers=False) == {"swift", "pilot", "asleep"}
    assert await names("auth.swim", include_superusers=False) == await names("auth.fly", obj=group) == set()
    with pytest.raises(ValueError, match=r"app_label\.permission_codename"):
        User.objects.with_perm("fly")
    with pytest.raises(TypeError, match="string or a permission"):
        User.objects.with_perm(3)  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match="only"):
        User.objects.with_perm("auth.fly", backend="other.Backend")


@pytest.mark.only(colour="awaitable")
async def test_the_first_site_is_made_after_migrations_where_there_is_none(database: Any) -> None:
    sites = SitesConfig("orm.contrib.sites", sys.modules["orm.contrib.sites"])
    await acreate_default_site(sites)
    await acreate_default_site(sites)
    assert [(site.pk, site.domain, site.name) async for site in Site.objects.all()] == [
        (1, "example.com", "example.com")
    ]
    assert (await Site.objects.acreate(domain="other.org")).pk > 1


async def test_nobody_in_particular_has_no_groups_and_no_permissions(database: Any) -> None:
    nobody = AnonymousUser()
    assert [row async for row in nobody.groups.all()] == [row async for row in nobody.user_permissions.all()] == []
    assert nobody.get_user_permissions() == nobody.get_group_permissions() == set()
