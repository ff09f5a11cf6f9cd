from io import StringIO

from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import TestCase
from wards.models import Change, Stay, Ward


class AdmissionTests(TestCase):
    fixtures = ["clinic"]

    @classmethod
    def setUpTestData(cls):
        cls.ward = Ward.objects.get(code="B1")

    def admit(self, *emails):
        out, err = StringIO(), StringIO()
        call_command("admit", "B1", *emails, "--at", "2024-05-06T07:08", stdout=out, stderr=err)
        return out.getvalue()

    def test_admits_known_and_new_people(self):
        self.assertEqual(self.admit("carl@home.org", "dora@home.org"), "Carl in B1\nD in B1 (new)\n")
        self.assertQuerySetEqual(self.ward.stays.values_list("patient__email", flat=True), ["carl@home.org", "dora@home.org"])
        self.assertEqual([change.subject for change in Change.objects.all()], [self.ward, self.ward])

    def test_refuses_staff(self):
        with self.assertRaisesMessage(CommandError, "'Only patients stay.'"):
            self.admit("ada@clinic.org")

    def test_is_full_in_the_end(self):
        self.admit("x@home.org", "y@home.org")
        with self.assertRaises(CommandError):
            self.admit("z@home.org", "carl@home.org")
        self.assertFalse(get_user_model().objects.filter(email="z@home.org").exists())

    def test_constraints(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Stay.objects.update(left="2020-01-01T00:00:00Z")
        with self.assertRaises(ProtectedError):
            Ward.objects.get(code="A").delete()
        self.assertEqual(Stay.objects.count(), 1)
