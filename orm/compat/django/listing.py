"""``python -m orm.compat.django.listing``: writes the pages of the documentation that say what the code has of Django.

Those are the list of names, from the surfaces themselves, and what is different. With ``--check`` it writes nothing and
fails where a page is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orm.compat.django import differences
from orm.compat.django.surface import SURFACES
from orm.compat.django.web_names import NAMES

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = DOCS / "legacy-names.md"
HEAD = """# Names of Django that can be imported

Written by `python -m orm.compat.django.listing`; do not edit. [Legacy scripts](legacy.md) says how to get them.

A name in *italics* belongs to the web, the admin or Django's SQL compiler: it can be imported and inherited from, so
that models which mention it load, and raises `NotImplementedError` where it is used.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for name in sorted(SURFACES):
        surface = SURFACES[name]
        web = set(NAMES[surface.web].all()) if surface.web else set()
        offered = surface.offered()
        if not offered:
            continue
        real = set(surface.names)
        shown = [f"*{each}*" if each in web and each not in real else f"`{each}`" for each in offered]
        parts.append(f"\n## {name}\n\n{surface.describes}\n\n{', '.join(shown)}\n")
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` return 1 where one is stale."""
    stale = 0
    for path, text in ((PAGE, page()), (DOCS / "django-differences.md", differences.page())):
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path} is stale: run python -m orm.compat.django.listing", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
