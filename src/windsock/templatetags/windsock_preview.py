"""`{% preview %}`: the title and the description of a page, once for browsers and once for those who preview links."""

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

SITE = " · Windsock"
"""The end of each title. Previews name the site beside it."""

WRITTEN = {
    "title": '<title>{text}</title>\n    <meta property="og:title" content="{short}">',
    "description": '<meta name="description" content="{text}">\n    <meta property="og:description" content="{text}">',
}
"""What each kind becomes. A block of a template can be named once only, so what it holds is written twice here."""


@register.tag
def preview(parser: Parser, token: Token) -> template.Node:
    """Write what `{% preview "title" %}` … `{% endpreview %}` holds for browsers and for previews of links."""
    _, kind = token.split_contents()
    nodes = parser.parse(("endpreview",))
    parser.delete_first_token()
    return _Preview(parser.compile_filter(kind), nodes)


class _Preview(template.Node):
    def __init__(self, kind: FilterExpression, nodelist: NodeList) -> None:
        self.kind = kind
        self.nodelist = nodelist

    def render(self, context: Any) -> SafeString:
        # What the block holds is escaped already, but for quotes in a template's own words.
        text = strip_tags(" ".join(self.nodelist.render(context).split())).replace('"', "&quot;")
        return mark_safe(WRITTEN[self.kind.resolve(context)].format(text=text, short=text.removesuffix(SITE)))
