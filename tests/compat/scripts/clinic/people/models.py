from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class PersonManager(BaseUserManager):
    use_in_migrations = True

    def create_user(self, email, password=None, **further):
        if not email:
            raise ValueError("A person needs an address")
        person = self.model(email=self.normalize_email(email), **further)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email, password=None, **further):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **further)

    def get_by_natural_key(self, email):
        return self.get(email=email)


class Person(AbstractBaseUser, PermissionsMixin):
    class Role(models.TextChoices):
        DOCTOR = "D", _("Doctor")
        NURSE = "N", _("Nurse")
        PATIENT = "P", _("Patient")

    email = models.EmailField(_("address"), unique=True)
    name = models.CharField(max_length=60, blank=True)
    role = models.CharField(max_length=1, choices=Role.choices, default=Role.PATIENT)
    born = models.DateField(null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["email"]
        verbose_name_plural = "people"
        permissions = [("operate", "Can operate")]

    def __str__(self):
        return self.name or self.email

    def natural_key(self):
        return (self.email,)

    def get_absolute_url(self):
        return reverse("person", args=[self.pk])
