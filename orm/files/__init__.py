"""Files and where they are kept, for ``FileField``: the file system, or memory.

A storage is blocking code with a small interface (``orm.files.storage.Storage``); the fields call it in a worker thread
where an event loop runs. ``default_storage`` is the file system below the setting ``media_root``, unless the setting
``storages`` names others.
"""

from __future__ import annotations

from orm.files.base import ContentFile, File
from orm.files.memory import InMemoryStorage
from orm.files.named_storages import default_storage, storages
from orm.files.storage import FileSystemStorage, Storage

__all__ = [
    "ContentFile",
    "File",
    "FileSystemStorage",
    "InMemoryStorage",
    "Storage",
    "default_storage",
    "storages",
]
