from django.contrib.auth.models import AbstractUser
from django.db import models
from django.urls import reverse


class Member(AbstractUser):
    nick = models.CharField(max_length=20, blank=True)

    def get_absolute_url(self):
        return reverse("member", args=[self.pk])
