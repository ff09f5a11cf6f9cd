"""Attachments: names from functions, several storages, files replaced and deleted, names that lead elsewhere."""

import hashlib
import io
import os
import tempfile

from django.conf import settings

base = tempfile.mkdtemp()
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", ":memory:"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    MEDIA_ROOT=base,
    MEDIA_URL="/media/",
    USE_TZ=False,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    STORAGES={
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "mem": {"BACKEND": "django.core.files.storage.InMemoryStorage", "OPTIONS": {"base_url": "/mem/"}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
)
import django

django.setup()
from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import FileExtensionValidator
from django.db import connection, models
from django.db.models.signals import post_delete
from django.dispatch import receiver


def by_owner(instance, filename):
    stem, ext = os.path.splitext(filename)
    return f"owners/{instance.owner}/{hashlib.md5(stem.encode()).hexdigest()[:6]}{ext.lower()}"


class Hashed(FileSystemStorage):
    def get_available_name(self, name, max_length=None):
        if self.exists(name):
            self.delete(name)
        return name


def pick():
    return storages["mem"]


class Doc(models.Model):
    owner = models.CharField(max_length=10)
    file = models.FileField(upload_to=by_owner, validators=[FileExtensionValidator(["txt", "csv"])])
    same = models.FileField(storage=Hashed(location=base + "/h", base_url="/h/"), upload_to="x", blank=True)
    mem = models.FileField(storage=pick, null=True, blank=True, upload_to="%Y/")
    pic = models.ImageField(upload_to="pics", width_field="w", height_field="h", blank=True)
    w = models.IntegerField(null=True)
    h = models.IntegerField(null=True)

    class Meta:
        app_label = "d"


with connection.schema_editor() as e:
    e.create_model(Doc)


def tree():
    return sorted(os.path.relpath(os.path.join(r, f), base) for r, _, fs in os.walk(base) for f in fs)


d = Doc(owner="ada")
d.file.save("Report One.TXT", ContentFile(b"hello"))
print(d.file.name, d.file.url, d.file.size, d.pk)
print(tree())
print(d.file.read(), d.file.closed, d.file.path.replace(base, ""))
d.file.close()
d2 = Doc.objects.create(
    owner="bob",
    file=SimpleUploadedFile("a b(1).csv", b"x,y\n1,2\n", content_type="text/csv"),
    same=ContentFile(b"1", name="s.txt"),
)
print(d2.file.name, d2.same.name, bool(d2.mem), d2.mem.name, repr(d2.mem), repr(d2.same))
with d2.file.open("r") as f:
    print(f.readlines())
d3 = Doc.objects.create(owner="bob", file=ContentFile("again", name="a b(1).csv"))
print(d3.file.name != d2.file.name, d3.file.name.startswith("owners/bob/"))
d2.same.save("s.txt", ContentFile(b"22"))
print(tree()[0:1], d2.same.size, Doc.objects.get(pk=d2.pk).same.read())
d2.mem.save("m.txt", ContentFile("mé"))
print(d2.mem.url[:5], d2.mem.storage.__class__.__name__, storages["mem"].exists(d2.mem.name))
try:
    print(d2.pic.url)
except ValueError as e:
    print("ValueError", e)
try:
    Doc(owner="c", file="nope.exe").full_clean()
except ValidationError as e:
    print(e.message_dict)
for bad in ("../up.txt", "/abs.txt", "ok/../../z.txt"):
    try:
        default_storage.save(bad, ContentFile("x"))
        print("saved", bad)
    except SuspiciousFileOperation as e:
        print("Suspicious", str(e).replace(base, "B"))
print(
    default_storage.save("plain.txt", io.BytesIO(b"1")),
    default_storage.listdir("")[1],
    default_storage.size("plain.txt"),
)
n = default_storage.save("plain.txt", ContentFile("2"))
print(
    n != "plain.txt",
    n.startswith("plain_"),
    default_storage.get_valid_name("a b?.txt"),
    default_storage.generate_filename("x/ü b.txt"),
)
print(
    default_storage.url("ä b.txt"), default_storage.exists("q"), default_storage.get_modified_time("plain.txt").tzinfo
)


@receiver(post_delete, sender=Doc)
def gone(sender, instance, **kw):
    for f in (instance.file, instance.same):
        if f:
            f.delete(save=False)


before = len(tree())
print(Doc.objects.filter(owner="bob").delete(), before - len(tree()))
d.file.delete()
print(d.file.name, bool(d.file), Doc.objects.values("file", "same", "mem", "pic", "w"))
d.file = File(open(__file__, "rb"), name="self.txt")
d.save()
print(d.file.name, d.file.size > 100)
Doc.objects.filter(pk=d.pk).update(file="moved.txt")
d.refresh_from_db()
print(d.file, d.file == "moved.txt", d.file.name in ["moved.txt"])
print(
    Doc.objects.filter(file__startswith="mov").count(),
    Doc.objects.filter(file="moved.txt").exists(),
    Doc.objects.exclude(same="").count(),
)
try:
    d.file.open()
except FileNotFoundError as e:
    print("FileNotFoundError", e.filename.replace(base, ""))
c = ContentFile(b"abc\ndef\n", "n")
print(list(c), len(c), c.chunks, c.multiple_chunks()) if False else print(list(c), c.size, bool(c), c.multiple_chunks())

print(
    Doc._meta.get_field("file").deconstruct()[3].keys(), Doc._meta.get_field("mem").deconstruct()[3]["storage"] is pick
)
