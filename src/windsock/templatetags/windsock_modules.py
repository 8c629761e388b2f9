"""`{% module "windsock/board.js" %}`: a script module, with everything that it imports asked for at once."""

import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"""(?m)^(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["'](\./[^"']+)["']""")


@register.simple_tag(name="module")
def script_module(name: str) -> SafeString:
    """Return the script element of a module, and links that fetch its imports meanwhile.

    Otherwise the browser finds the imports of a module when that has arrived, one round trip for each step.
    """
    script = format_html('<script type="module" src="{}"></script>', static(name))
    if not _imports_keep_their_names():
        return script
    found = imports_of.__wrapped__(name) if settings.DEBUG else imports_of(name)
    links = format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((static(imported),) for imported in found)
    )
    return format_html("{}{}", links, script)


@lru_cache(maxsize=100)
def imports_of(name: str) -> tuple[str, ...]:
    """Return the names of the static files that a module imports, and those import, each once."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        importing = waiting.pop(0)
        path = finders.find(importing)
        if not path:
            continue
        for reference in _IMPORT.findall(Path(path).read_text("utf-8")):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(importing), reference))
            if imported not in found and imported != name:
                found[imported] = None
                waiting.append(imported)
    return tuple(found)


def _imports_keep_their_names() -> bool:
    """Return whether a browser asks for an import by the name that the storage gives: else it would fetch it twice.

    Django's storage with a manifest renames files, but their names inside of modules only with an option.
    """
    return not isinstance(staticfiles_storage, ManifestFilesMixin) or bool(
        getattr(staticfiles_storage, "support_js_module_import_aggregation", False)
    )
