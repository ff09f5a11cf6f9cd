"""The tables of ``auth``, as they are today."""

from __future__ import annotations

import orm.contrib.auth.account_blocking
import orm.contrib.auth.models
import orm.contrib.auth.rights_blocking
from orm import migrations, models


class Migration(migrations.Migration):
    """Makes the tables."""

    initial = True

    dependencies = [
        ("contenttypes", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Permission",
            fields=[
                ("id", models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField("name", max_length=255)),
                ("codename", models.CharField("codename", max_length=100)),
                (
                    "content_type",
                    models.ForeignKey(
                        to="contenttypes.ContentType", on_delete=models.CASCADE, verbose_name="content type"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "permissions",
                "verbose_name": "permission",
                "ordering": ["content_type__app_label", "content_type__model", "codename"],
                "unique_together": {("content_type", "codename")},
            },
            managers=[
                ("objects", orm.contrib.auth.models.PermissionManager()),
            ],
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                ("id", models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("name", models.CharField("name", max_length=150, unique=True)),
                ("permissions", models.ManyToManyField(to="auth.Permission", verbose_name="permissions", blank=True)),
            ],
            options={
                "verbose_name_plural": "groups",
                "verbose_name": "group",
            },
            managers=[
                ("objects", orm.contrib.auth.models.GroupManager()),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)),
                ("password", models.CharField("password", max_length=128)),
                ("last_login", models.DateTimeField("last login", blank=True, null=True)),
                (
                    "is_superuser",
                    models.BooleanField(
                        "superuser status",
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        "username",
                        max_length=150,
                        unique=True,
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        validators=[orm.contrib.auth.models.UnicodeUsernameValidator()],
                        error_messages={"unique": "A user with that username already exists."},
                    ),
                ),
                ("first_name", models.CharField("first name", max_length=150, blank=True)),
                ("last_name", models.CharField("last name", max_length=150, blank=True)),
                ("email", models.EmailField("email address", blank=True)),
                (
                    "is_staff",
                    models.BooleanField(
                        "staff status",
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        "active",
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead "
                        "of deleting accounts.",
                    ),
                ),
                ("date_joined", models.DateTimeField("date joined", default=orm.contrib.auth.models.this_moment)),
                (
                    "groups",
                    models.ManyToManyField(
                        to="auth.Group",
                        verbose_name="groups",
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to "
                        "each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        to="auth.Permission",
                        verbose_name="user permissions",
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "users",
                "swappable": "AUTH_USER_MODEL",
                "verbose_name": "user",
            },
            bases=(orm.contrib.auth.account_blocking.Account, models.Model, orm.contrib.auth.rights_blocking.Rights),
            managers=[
                ("objects", orm.contrib.auth.models.UserManager()),
            ],
        ),
    ]
