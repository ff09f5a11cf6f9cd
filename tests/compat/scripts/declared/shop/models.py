"""Models with everything that is written into migrations; those beside were written by Django 5.2."""

import datetime, decimal, uuid, functools, enum, re
from django.db import models
from django.db.models import F, Q, Value, CheckConstraint, UniqueConstraint, Index, Deferrable
from django.db.models.functions import Cast, Coalesce, Concat, Extract, Left, Lower, Now, Round, Substr
from django.core.validators import *
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _
from django.contrib.auth.models import User, AbstractUser, Permission
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import FileSystemStorage
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.deconstruct import deconstructible


class Color(models.TextChoices):
    RED = "r", _("Red")
    BLUE = "b", "Blue"


class Num(models.IntegerChoices):
    ONE = 1
    TWO = 2


def upload(i, f):
    return f


def deflt():
    return 3


def cs():
    return [("a", "A")]


@deconstructible
class Up:
    def __init__(self, p, q=3):
        self.p = p
        self.q = q

    def __call__(self, i, f):
        return f

    def __eq__(self, o):
        return isinstance(o, Up) and self.p == o.p


class M(models.Manager):
    use_in_migrations = True

    def __init__(self, a=1):
        super().__init__()
        self.a = a


class QS(models.QuerySet):
    def x(self):
        return self


class M2(models.Manager.from_queryset(QS)):
    use_in_migrations = True


class MyField(models.CharField):
    def __init__(self, *a, sep=",", **k):
        self.sep = sep
        super().__init__(*a, **k)

    def deconstruct(self):
        n, p, a, k = super().deconstruct()
        if self.sep != ",":
            k["sep"] = self.sep
        return n, p, a, k


class Abs(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    who = models.ForeignKey("auth.User", models.CASCADE, related_name="%(app_label)s_%(class)s_set", null=True)

    class Meta:
        abstract = True
        ordering = ["-created"]


class Item(Abs):
    binf = models.BinaryField(default=b"x", max_length=4, editable=True)
    boolf = models.BooleanField(_("bool"), default=True)
    char = models.CharField(max_length=20, help_text=_("Hé"))
    coll = models.CharField(max_length=20, db_collation="NOCASE")
    day = models.DateTimeField(default=timezone.now)
    stored = models.FileField(storage=FileSystemStorage(location="/x"), upload_to="a")
    lazy = models.CharField(max_length=9, default=SimpleLazyObject(lambda: "z"))
    dec = models.DecimalField(max_digits=5, decimal_places=2, default=decimal.Decimal("1.10"))
    dur = models.DurationField(default=datetime.timedelta(days=1))
    email = models.EmailField()
    file = models.FileField(upload_to=upload)
    file2 = models.FileField(upload_to=Up("x", q=4))
    fp = models.FilePathField(path="/tmp", match="x.*", recursive=True)
    ip = models.GenericIPAddressField(unpack_ipv4=True, null=True, blank=True)
    integ = models.IntegerField(choices=Num.choices, default=Num.ONE)
    js = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    psi = models.PositiveSmallIntegerField(db_default=5)
    sai = models.SmallIntegerField(validators=[MinValueValidator(2, message="no"), MaxValueValidator(limit_value=9)])
    slug = models.SlugField(allow_unicode=True)
    tim = models.TimeField(default=datetime.time(1, 2, 3))
    url = models.URLField(unique=True, error_messages={"unique": _("u")})
    uu = models.UUIDField(default=uuid.uuid4, editable=False)
    gen = models.GeneratedField(expression=F("integ") * 2, output_field=models.IntegerField(), db_persist=True)
    gen2 = models.GeneratedField(
        expression=Lower("char"), output_field=models.CharField(max_length=20), db_persist=False
    )
    gen3 = models.GeneratedField(
        expression=Concat("char", Value("-"), "coll"), output_field=models.CharField(max_length=20), db_persist=True
    )
    gen4 = models.GeneratedField(
        expression=models.Case(
            models.When(integ__gt=3, then=Value("big")),
            models.When(Q(char="x") | Q(boolf=False), then=F("char")),
            default=Value("no"),
        ),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    gen5 = models.GeneratedField(
        expression=Left("char", 3), output_field=models.CharField(max_length=3), db_persist=True
    )
    gen6 = models.GeneratedField(
        expression=Cast(Round("dec", precision=1), models.FloatField()),
        output_field=models.FloatField(),
        db_persist=False,
    )
    gen7 = models.GeneratedField(
        expression=Substr(Coalesce("coll", Value("")), 2, 3), output_field=models.TextField(), db_persist=False
    )
    gen8 = models.GeneratedField(
        expression=Extract("dbnow", "year"), output_field=models.IntegerField(), db_persist=False
    )
    gen9 = models.GeneratedField(
        expression=Q(integ__gte=3) & ~Q(sai=2), output_field=models.BooleanField(), db_persist=False
    )
    choice = models.CharField(max_length=1, choices=Color, default=Color.RED)
    choicem = models.CharField(max_length=1, choices={"a": "A", "G": {"c": "C"}})
    choicec = models.CharField(max_length=1, choices=cs)
    fdef = models.IntegerField(default=deflt)
    dbnow = models.DateTimeField(db_default=Now())
    dbe = models.IntegerField(db_default=Value(3) + Value(4))
    part = models.IntegerField(default=functools.partial(int, "3", base=4))
    rx = models.CharField(
        max_length=3,
        validators=[
            RegexValidator(re.compile("^a", re.I), "bad", code="c"),
            RegexValidator("x", inverse_match=True),
            validate_slug,
            MaxLengthValidator(3),
            ProhibitNullCharactersValidator(),
            EmailValidator("x"),
            URLValidator(schemes=["a"]),
            validate_comma_separated_integer_list,
            int_list_validator(sep="-"),
            DecimalValidator(3, 2),
            FileExtensionValidator(["a"]),
            StepValueValidator(3, offset=1),
            MinLengthValidator(1),
            UnicodeUsernameValidator(),
            validate_ipv46_address,
        ],
    )
    my = MyField(max_length=5, sep="-")
    col = models.IntegerField(db_column="weird col", db_comment="x", null=True)
    friends = models.ManyToManyField("self", symmetrical=False)
    pals = models.ManyToManyField("self")
    ppl = models.ManyToManyField("auth.User", through="Th", through_fields=("item", "user"), related_name="q")
    perms = models.ManyToManyField(
        Permission, limit_choices_to={"codename": "a"}, blank=True, db_table="zz", verbose_name=_("z")
    )
    lim = models.ForeignKey(
        "other.Place", models.SET(deflt), limit_choices_to=Q(name="x") | Q(name="y"), null=True, related_name="+"
    )
    par = models.ForeignKey(
        "self", related_name="+", on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    o2o = models.OneToOneField(User, models.RESTRICT, to_field="username", null=True)
    g = GenericRelation("shop.Tag")
    objects = M(a=3)
    others = M2()

    class Meta(Abs.Meta):
        verbose_name = _("item")
        verbose_name_plural = "itemz"
        ordering = ["integ", F("char").desc(nulls_last=True), Lower("char").asc()]
        get_latest_by = ["integ"]
        permissions = [("can_x", _("Can x"))]
        default_permissions = ("add",)
        unique_together = [["char", "integ"], ("slug", "char")]
        base_manager_name = "objects"
        indexes = [
            Index(fields=["char"], name="i1"),
            Index("dec", Lower("char"), name="i2"),
            Index(fields=["integ", "-dec"], name="i3", condition=Q(integ__gt=3) & ~Q(char="x")),
            Index(F("dec").desc(), name="i4"),
            Index(fields=["-dec"]),
            Index(fields=("char", "integ"), include=["dec"], name="i6"),
        ]
        constraints = [
            CheckConstraint(condition=Q(integ__gt=1), name="c1", violation_error_message=_("m")),
            UniqueConstraint(fields=["char", "dec"], name="u1"),
            UniqueConstraint(Lower("char"), F("dec").desc(), name="u2"),
            UniqueConstraint(fields=["dec"], name="u3", condition=Q(char="a")),
            UniqueConstraint(fields=["who"], name="u5", include=["char"]),
            CheckConstraint(
                condition=Q(char__in=["a", "b"]) | Q(integ=F("sai") + 1), name="%(app_label)s_%(class)s_c2"
            ),
            CheckConstraint(
                condition=Q(dbnow__gt=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)), name="c3"
            ),
        ]


class Th(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    user = models.ForeignKey(User, models.PROTECT)
    other = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        order_with_respect_to = "item"
        db_table = "thr"
        db_table_comment = "c"


class Tag(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    obj = GenericForeignKey()


class Prox(Item):
    class Meta:
        proxy = True
        verbose_name = "p"


class Child(Item):
    z = models.IntegerField()


class Child2(Child):
    link = models.OneToOneField(Child, models.CASCADE, parent_link=True, primary_key=True)


class UserProxy(User):
    class Meta:
        proxy = True


class Unm(models.Model):
    a = models.IntegerField()
    t = models.ForeignKey(Tag, models.CASCADE)

    class Meta:
        managed = False
        db_table = "unm"


class Comp(models.Model):
    pk = models.CompositePrimaryKey("a", "b")
    a = models.IntegerField()
    b = models.ForeignKey(Tag, models.CASCADE)
