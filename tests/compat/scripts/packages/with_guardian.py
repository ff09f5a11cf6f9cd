"""django-guardian: permissions of single objects, of users and groups, and the queries by them."""

from start import configure, make_tables

configure(
    "guardian",
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"],
)
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermission, UserObjectPermissionBase


class Task(models.Model):
    summary = models.CharField(max_length=32)

    class Meta:
        permissions = (("assign_task", "Assign task"),)


class Direct(models.Model):
    name = models.CharField(max_length=10)


class DirectUser(UserObjectPermissionBase):
    content_object = models.ForeignKey(Direct, models.CASCADE)


class DirectGroup(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Direct, models.CASCADE)


make_tables()
from django.contrib.contenttypes.models import ContentType
from guardian.core import ObjectPermissionChecker
from guardian.shortcuts import (
    assign_perm,
    get_group_perms,
    get_groups_with_perms,
    get_objects_for_group,
    get_objects_for_user,
    get_perms,
    get_user_perms,
    get_users_with_perms,
    remove_perm,
)

for model, names in ((Task, ("add", "change", "view", "assign")), (Direct, ("view",))):
    ct = ContentType.objects.get_for_model(model)
    for name in names:
        Permission.objects.get_or_create(
            content_type=ct, codename=f"{name}_{model._meta.model_name}", defaults={"name": name}
        )
joe = User.objects.create_user("joe")
ann = User.objects.create_user("ann")
g = Group.objects.create(name="employees")
ann.groups.add(g)
t1 = Task.objects.create(summary="one")
t2 = Task.objects.create(summary="two")
print(joe.has_perm("assign_task", t1))
assign_perm("assign_task", joe, t1)
joe = User.objects.get(pk=joe.pk)
print(joe.has_perm("assign_task", t1), joe.has_perm("program.assign_task", t1), joe.has_perm("assign_task", t2))
assign_perm("program.change_task", g, t2)
print(User.objects.get(username="ann").has_perm("change_task", t2))
print(sorted(get_perms(joe, t1)), sorted(get_perms(ann, t2)))
print(
    [t.summary for t in get_objects_for_user(joe, "program.assign_task")],
    [t.summary for t in get_objects_for_user(ann, ["change_task", "assign_task"], Task, any_perm=True)],
)
print(
    [u.username for u in get_users_with_perms(t1)],
    sorted(u.username for u in get_users_with_perms(t2)),
    {u.username: sorted(p) for u, p in get_users_with_perms(t2, attach_perms=True, with_group_users=True).items()},
)
print([x.name for x in get_groups_with_perms(t2)], [t.summary for t in get_objects_for_group(g, "program.change_task")])
checker = ObjectPermissionChecker(joe)
print(checker.has_perm("assign_task", t1))
checker.prefetch_perms([t1, t2])
print(checker.get_perms(t2))
assign_perm("assign_task", joe, Task.objects.all())
print(UserObjectPermission.objects.count())
print(list(get_user_perms(joe, t2)), list(get_group_perms(ann, t2)))
remove_perm("assign_task", joe, t1)
print(User.objects.get(pk=joe.pk).has_perm("assign_task", t1))
d = Direct.objects.create(name="d")
assign_perm("view_direct", joe, d)
assign_perm("view_direct", g, d)
print(
    User.objects.get(pk=joe.pk).has_perm("view_direct", d),
    DirectUser.objects.count(),
    [x.name for x in get_objects_for_user(ann, "program.view_direct")],
)
assign_perm("program.add_task", joe)
print(sorted(joe.user_permissions.values_list("codename", flat=True)))
try:
    assign_perm("nope", joe, t1)
except Permission.DoesNotExist:
    print("DoesNotExist")
t2.delete()
print(UserObjectPermission.objects.count())
from guardian.utils import clean_orphan_obj_perms, get_anonymous_user

print(clean_orphan_obj_perms(), get_anonymous_user().username, UserObjectPermission.objects.count())
