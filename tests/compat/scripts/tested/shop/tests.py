import os
import unittest
import warnings
from django.test import (
    SimpleTestCase,
    TestCase,
    TransactionTestCase,
    override_settings,
    modify_settings,
    skipUnlessDBFeature,
    skipIfDBFeature,
    tag,
    RequestFactory,
)
from django.test.utils import CaptureQueriesContext, isolate_apps, ignore_warnings, setup_test_environment
from django.test.testcases import DatabaseOperationForbidden
from django.conf import settings
from django.db import connection, transaction, connections, models, IntegrityError
from django.core.management import call_command
from shop.models import Item, Line


def said(f, *a, **k):
    try:
        f(*a, **k)
    except BaseException as e:
        print("SAID", type(e).__name__, str(e).split("Captured")[0].split(" : ")[-1].strip())
    else:
        print("SAID nothing")


class A_DataTests(TestCase):
    fixtures = ["items"]

    @classmethod
    def setUpTestData(cls):
        cls.one = Item.objects.create(name="one")
        cls.line = Line.objects.create(item=cls.one)
        cls.many = [cls.one]

    def test_a_change(self):
        self.one.name = "changed"
        self.one.save()
        Item.objects.create(name="two")
        print(
            self.many[0] is self.one,
            self.line.item is self.one,
            Item.objects.count(),
            settings.DATABASES["default"]["NAME"] not in ("real.sqlite3", os.environ.get("TEST_NAME")),
        )

    def test_b_unchanged(self):
        self.assertEqual(self.one.name, "one")
        print(sorted(Item.objects.values_list("name", flat=True)))

    def test_c_queries(self):
        with self.assertNumQueries(1):
            list(Item.objects.all())
        self.assertNumQueries(1, Item.objects.count)

        def two():
            with self.assertNumQueries(1):
                Item.objects.count()
                Item.objects.count()

        said(two)
        with CaptureQueriesContext(connection) as ctx:
            Item.objects.count()
        print(len(ctx), len(ctx.captured_queries), sorted(ctx[0]), "COUNT" in ctx[0]["sql"])

    def test_d_querysets(self):
        Item.objects.create(name="zz")
        self.assertQuerySetEqual(Item.objects.order_by("name"), ["fixed", "one", "zz"], transform=str)
        self.assertQuerySetEqual(Item.objects.all(), ["zz", "one", "fixed"], transform=str, ordered=False)
        said(self.assertQuerySetEqual, Item.objects.all(), ["zz", "one"])
        said(self.assertQuerySetEqual, Item.objects.order_by("name"), ["zz"], str)
        self.assertQuerySetEqual(Item.objects.filter(pk=0), [])
        self.assertQuerySetEqual(Item.objects.filter(name="one"), Item.objects.filter(name="one"))

    def test_e_atomic(self):
        with self.assertRaises(IntegrityError):
            with transaction.atomic():
                Item.objects.create(name="one")
        self.assertEqual(Item.objects.count(), 2)
        print(connection.in_atomic_block)

    def test_f_commit(self):
        got = []
        with self.captureOnCommitCallbacks() as cb:
            transaction.on_commit(lambda: got.append(1))
        print(len(cb), got)
        with self.captureOnCommitCallbacks(execute=True) as cb:
            with transaction.atomic():
                transaction.on_commit(lambda: got.append(2))

            def nest():
                got.append(3)
                transaction.on_commit(lambda: got.append(4))

            transaction.on_commit(nest)
            print(cb)
        print(len(cb), got)
        with self.captureOnCommitCallbacks(using="default") as cb:
            pass
        print(cb)

    async def test_g_async(self):
        await Item.objects.acreate(name="as")
        print(await Item.objects.acount(), (await Item.objects.aget(name="as")).name)

    def test_h_messages(self):
        with self.assertRaisesMessage(ValueError, "bad"):
            raise ValueError("very bad thing")
        self.assertRaisesMessage(ValueError, "invalid literal", int, "x")
        said(lambda: self.assertRaisesMessage(ValueError, "zzz", int, "x"))
        with self.assertWarnsMessage(UserWarning, "hm"):
            warnings.warn("hm hm", UserWarning)
        self.assertJSONEqual('{"a":1}', {"a": 1})
        self.assertJSONEqual('{"a":1}', '{"a": 1}')
        self.assertJSONNotEqual('{"a":1}', {"a": 2})
        said(self.assertJSONEqual, "{", {})
        said(self.assertJSONEqual, "1", "2")
        self.assertXMLEqual("<a x='1' y='2'/>", "<a y='2' x='1'></a>")
        said(self.assertXMLEqual, "<a/>", "<b/>")
        self.assertXMLNotEqual("<a/>", "<b/>")

    def test_i_constraint_at_end(self):
        pass

    def test_j_subtest(self):
        for i in range(2):
            with self.subTest(i=i):
                self.assertTrue(True)

    @skipUnlessDBFeature("supports_transactions")
    def test_k_feature(self):
        print("ran")

    @skipIfDBFeature("supports_transactions")
    def test_l_feature(self):
        print("not ran")

    @unittest.skip("why")
    def test_m(self):
        pass

    @unittest.expectedFailure
    def test_n(self):
        self.fail()

    def test_o_forbidden(self):
        said(Item.objects.using("other").count)

    @override_settings(LIMIT=5)
    def test_p(self):
        print(settings.LIMIT)
        with self.settings(LIMIT=6, NEW=1):
            print(settings.LIMIT, settings.NEW)
        print(settings.LIMIT, hasattr(settings, "NEW"))
        with self.modify_settings(INSTALLED_APPS={"remove": ["shop"]}):
            print("shop" in settings.INSTALLED_APPS)

    @modify_settings(LIMIT={"append": [3], "prepend": 0, "remove": [1]})
    def test_q(self):
        print(settings.LIMIT)

    def test_r(self):
        with override_settings():
            del settings.LIMIT
            print(hasattr(settings, "LIMIT"))
        print(settings.LIMIT)


@override_settings(LIMIT="class")
class B_Class(SimpleTestCase):
    def test_a(self):
        print(settings.LIMIT)

    @override_settings(LIMIT="method")
    def test_b(self):
        print(settings.LIMIT)

    def test_c(self):
        said(Item.objects.count)

    def test_d(self):
        said(lambda: connection.cursor().execute("select 1"))

    async def test_e(self):
        print("async simple")

    def test_f(self):
        from django.core.signals import setting_changed

        seen = []

        def r(*, sender, setting, value, enter, **kw):
            seen.append((setting, value, enter))

        setting_changed.connect(r)
        with self.settings(LIMIT=3, OTHER=1):
            pass
        setting_changed.disconnect(r)
        print(sorted(seen, key=str))

    def test_g(self):
        said(lambda: override_settings(LIMIT=1)(unittest.TestCase))


class C_Trans(TransactionTestCase):
    reset_sequences = True
    fixtures = ["items"]

    def test_a(self):
        i = Item.objects.create(name="t")
        print(connection.in_atomic_block, i.pk, Item.objects.count())
        got = []
        transaction.on_commit(lambda: got.append(1))
        print(got)

    def test_b(self):
        print(Item.objects.count(), Item.objects.create(name="u").pk)

    def test_c(self):
        with self.assertRaises(ZeroDivisionError):
            with transaction.atomic():
                Item.objects.create(name="u")
                1 / 0
        print(Item.objects.count())


class D_Multi(TestCase):
    databases = {"default", "other"}

    def test_a(self):
        Item.objects.using("other").create(name="o")
        print(Item.objects.using("other").count(), Item.objects.count())

    def test_b(self):
        print(Item.objects.using("other").count(), Item.objects.count())


class E_All(TestCase):
    databases = "__all__"

    def test_a(self):
        print(sorted(self.databases))


class G_Fail(TestCase):
    def test_error(self):
        raise RuntimeError("boom")

    def test_fail(self):
        self.assertEqual(1, 2)

    def test_fk(self):
        Line.objects.create(item_id=99999)


class H_Tagged(TestCase):
    @tag("slow", "x")
    def test_a(self):
        print("tagged")


class I_Badreset(TestCase):
    reset_sequences = True

    def test_a(self):
        pass
