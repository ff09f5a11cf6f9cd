"""Models whose primary key is made of several columns, and some that refer to them."""

from __future__ import annotations

from orm import models


class Tenant(models.Model):
    name = models.CharField(max_length=20)


class User(models.Model):
    pk = models.CompositePrimaryKey("tenant_id", "number")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="users")
    number = models.IntegerField()
    name = models.CharField(max_length=20)
    joined = models.DateField(null=True)


class Note(models.Model):
    text = models.CharField(max_length=20)
    tenant = models.ForeignKey(Tenant, on_delete=models.DO_NOTHING, null=True)
    user_number = models.IntegerField(null=True)
    user = models.ForeignObject(
        User,
        on_delete=models.CASCADE,
        from_fields=["tenant_id", "user_number"],
        to_fields=["tenant_id", "number"],
        related_name="notes",
        null=True,
    )


class Badge(models.Model):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    number = models.IntegerField()
    holder = models.ForeignObject(
        "User", models.PROTECT, ["tenant", "number"], ["tenant", "number"], related_name="badges"
    )


class Circle(models.Model):
    """Has members of its own tenant, through a model that refers to both sides by several columns."""

    name = models.CharField(max_length=20)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    members = models.ManyToManyField(User, through="Membership", related_name="circles")


class Membership(models.Model):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    user_number = models.IntegerField()
    circle_number = models.IntegerField()
    user = models.ForeignObject(
        User, models.CASCADE, ["tenant", "user_number"], ["tenant", "number"], related_name="memberships"
    )
    circle = models.ForeignObject(
        Circle, models.CASCADE, ["tenant", "circle_number"], ["tenant", "id"], related_name="memberships"
    )
