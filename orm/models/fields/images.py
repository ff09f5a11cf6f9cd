"""Image fields: file fields that know the width and height of the picture. Pillow reads them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error
from orm.errors import ImproperlyConfigured
from orm.files.base import File
from orm.models.fields.field_file_blocking import FieldFile
from orm.models.fields.files import FileDescriptor, FileField
from orm.models.signals import post_init

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


def get_image_dimensions(file: Any, close: bool = False) -> tuple[int | None, int | None]:
    """Return width and height of a picture in pixels; ``(None, None)`` for what is none.

    Parameters: ``file`` is a file object or a path; ``close`` closes it, else it is left where it was.

    Raises ``ImproperlyConfigured`` without Pillow.
    """
    try:
        images = import_module("PIL.Image")
    except ImportError as error:
        raise ImproperlyConfigured("Image fields need Pillow: pip install pillow") from error
    opened = not hasattr(file, "read")
    stream = open(file, "rb") if opened else file  # noqa: SIM115 - closed below, where it is ours
    position = 0 if opened else stream.tell()
    try:
        stream.seek(0)
        with images.open(stream) as picture:
            width, height = picture.size
        return width, height
    except (images.UnidentifiedImageError, OSError, ValueError):
        return None, None
    finally:
        if close or opened:
            stream.close()
        elif not stream.closed:
            stream.seek(position)


class ImageFile(File):
    """A picture, which knows its size."""

    _dimensions: tuple[int | None, int | None] | None = None

    @property
    def width(self) -> int | None:
        """Width in pixels."""
        return self._size()[0]

    @property
    def height(self) -> int | None:
        """Height in pixels."""
        return self._size()[1]

    def _size(self) -> tuple[int | None, int | None]:
        if self._dimensions is None:
            closed = self.closed
            self.open()
            self._dimensions = get_image_dimensions(self, close=closed)
        return self._dimensions


class ImageFieldFile(ImageFile, FieldFile):
    """The picture of one instance."""

    def delete(self, save: bool = True) -> None:
        """Delete the picture, and forget its size."""
        self._dimensions = None
        super().delete(save)


class ImageFileDescriptor(FileDescriptor):
    """Also: a new picture's size is noted in the instance at once."""

    def __set__(self, instance: AwaitableModel, value: Any) -> None:
        before = instance.__dict__.get(self.field.attname)
        super().__set__(instance, value)
        if before is not None:
            self.field.update_dimension_fields(instance, force=True)  # type: ignore[attr-defined]


class ImageField(FileField):
    """The name of a picture in a storage.

    Parameters: ``width_field`` and ``height_field`` are names of fields that get its size in pixels.
    """

    description = "Image"
    option_defaults = {"width_field": None, "height_field": None}
    attr_class = ImageFieldFile
    descriptor_class = ImageFileDescriptor

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        width_field: str | None = None,
        height_field: str | None = None,
        **options: Any,
    ) -> None:
        self.width_field = width_field
        self.height_field = height_field
        super().__init__(verbose_name, name, **options)

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """Also: Pillow is there."""
        yield from super().own_checks(aliases, from_model)
        try:
            import_module("PIL.Image")
        except ImportError:
            yield Error(
                "Cannot use ImageField because Pillow is not installed.",
                hint=('Get Pillow at https://pypi.org/project/Pillow/ or run command "python -m pip install Pillow".'),
                obj=self,
                id="fields.E210",
            )

    def get_internal_type(self) -> str:
        return "ImageField"

    def check_declaration(self) -> None:
        """A picture may be named without Pillow, which is needed to measure it."""
        FileField.own_checks(self, (), None)

    def contribute_to_class(
        self, cls: type[AwaitableModel], name: str, private_only: bool = False, **options: object
    ) -> None:
        """Also: instances note the size where there are fields for it."""
        super().contribute_to_class(cls, name, private_only, **options)
        if not cls._meta.abstract and (self.width_field or self.height_field):
            post_init.connect(self._measure, sender=cls)

    def _measure(self, instance: AwaitableModel, **options: object) -> None:
        self.update_dimension_fields(instance)

    def update_dimension_fields(self, instance: AwaitableModel, force: bool = False) -> None:
        """Note the picture's size in the instance; ``force`` also where there is one already."""
        named = [name for name in (self.width_field, self.height_field) if name]
        if not named or self.attname not in instance.__dict__:
            return
        file = getattr(instance, self.attname)
        if not file and not force:
            return
        if not force and all(getattr(instance, name) for name in named):
            return
        size = (file.width, file.height) if file else (None, None)
        for name, value in zip((self.width_field, self.height_field), size, strict=True):
            if name:
                setattr(instance, name, value)
