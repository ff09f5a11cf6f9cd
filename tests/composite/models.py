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
