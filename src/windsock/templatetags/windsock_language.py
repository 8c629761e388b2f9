"""The language of a page, for the base template."""

from typing import Any

from django import template

from windsock.wording import language

register = template.Library()


@register.simple_tag(takes_context=True)
def language_menu(context: dict[str, Any]) -> dict[str, Any]:
    """Return the spoken language, the static path of its catalogue for the browser ("" for English), and the choices.

    Each choice is the address of the same page in another language.
    """
    spoken = language.current()
    request = context.get("request")
    choices = []
    for choice in language.LANGUAGES.values():
        query = request.GET.copy() if request is not None else None
        if query is not None:
            query["lang"] = choice.code
        address = f"?{query.urlencode()}" if query is not None else f"?lang={choice.code}"
        choices.append(
            {"code": choice.code, "name": choice.name, "direction": choice.direction, "address": address}
        )
    catalogue = "" if spoken.code == language.ENGLISH else f"windsock/locale/{spoken.code}.js"
    return {"spoken": spoken, "catalogue": catalogue, "languages": choices}
