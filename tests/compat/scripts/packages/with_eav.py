"""django-eav2: patients of its tutorial with attributes that are rows."""

from start import configure, make_tables

configure("eav", EAV2_PRIMARY_KEY_FIELD="django.db.models.BigAutoField")
from django.db import models
import eav
from eav.models import Attribute, EnumValue, EnumGroup


class Patient(models.Model):
    name = models.CharField(max_length=30)


eav.register(Patient)
make_tables()
Attribute.objects.create(name="Weight", slug="weight", datatype=Attribute.TYPE_FLOAT)
Attribute.objects.create(name="Colour", slug="colour", datatype=Attribute.TYPE_TEXT)
yes = EnumValue.objects.create(value="yes")
g = EnumGroup.objects.create(name="yn")
g.values.add(yes, EnumValue.objects.create(value="no"))
Attribute.objects.create(name="Fever", slug="fever", datatype=Attribute.TYPE_ENUM, enum_group=g)
p = Patient.objects.create(name="Bob")
p.eav.weight = 72.5
p.eav.colour = "red"
p.eav.fever = yes
p.save()
p = Patient.objects.get(pk=p.pk)
print(p.eav.weight, p.eav.colour, p.eav.fever, sorted(v.attribute.slug for v in p.eav.get_values()))
q = Patient.objects.create(name="Ada", eav__weight=50.0)
print(
    Patient.objects.filter(eav__weight__gt=60).count(),
    Patient.objects.filter(eav__colour="red", name="Bob").count(),
    Patient.objects.exclude(eav__fever=yes).count(),
    [x.name for x in Patient.objects.order_by("eav__weight")],
)
print(
    Patient.objects.filter(models.Q(eav__weight=50.0) | models.Q(eav__colour="red")).distinct().count(),
    p.eav.get_all_attributes().count(),
)
print(p.delete()[0])
