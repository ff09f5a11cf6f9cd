from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, F, Q


class WardQuerySet(models.QuerySet):
    def with_free(self):
        taken = Count("stays", filter=Q(stays__left__isnull=True))
        return self.annotate(taken=taken, free=F("beds") - F("taken"))


class WardManager(models.Manager.from_queryset(WardQuerySet)):
    def get_by_natural_key(self, code):
        return self.get(code=code)


class Ward(models.Model):
    code = models.CharField(max_length=4, unique=True, validators=[RegexValidator(r"^[A-Z]\d*$")])
    name = models.CharField(max_length=40)
    kind = models.SlugField(default="general")
    beds = models.PositiveSmallIntegerField(default=2)
    staff = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Duty", related_name="wards")
    changes = GenericRelation("Change", related_query_name="ward")

    objects = WardManager()

    class Meta:
        ordering = ["code"]

    def __str__(self):
        return f"{self.code} {self.name}"

    def natural_key(self):
        return (self.code,)


class Duty(models.Model):
    ward = models.ForeignKey(Ward, models.CASCADE)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    nights = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ward", "person"], name="wards_once")]


class Stay(models.Model):
    ward = models.ForeignKey(Ward, models.PROTECT, related_name="stays")
    patient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="stays", limit_choices_to={"role": "P"}
    )
    came = models.DateTimeField()
    left = models.DateTimeField(null=True, blank=True)
    cost = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["came", "pk"]
        indexes = [models.Index(fields=["ward", "left"], name="wards_present")]
        constraints = [
            models.CheckConstraint(
                condition=Q(left__isnull=True) | Q(left__gte=F("came")), name="wards_left_after", violation_error_message="Too early."
            )
        ]

    def __str__(self):
        return f"{self.patient} in {self.ward.code}"

    def clean(self):
        if self.patient.role != "P":
            raise ValidationError({"patient": "Only patients stay."})


class Change(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    subject = GenericForeignKey()
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
