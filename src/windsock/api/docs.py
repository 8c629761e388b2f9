"""/api/v1/docs: the OpenAPI document as a page. Plain HTML without scripts or a CDN, for any content policy."""

from html import escape
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse

from windsock.api.app import api


def view(request: HttpRequest) -> HttpResponse:
    """Show every operation with its parameters, bodies and responses, and every schema."""
    document = api.get_openapi_schema()
    operations = "".join(
        _operation(method, path, details)
        for path, methods in document["paths"].items()
        for method, details in methods.items()
    )
    schemas = "".join(
        _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    )
    info = document["info"]
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Windsock API</title><link rel="stylesheet" href="{escape(static("windsock/api-docs.css"))}"></head>
<body><main><h1>Windsock API <small>{escape(info["version"])}</small></h1><p>{escape(info["description"])}</p>
<p>For programs: <a href="{escape(reverse("windsock-api:openapi-json"))}">openapi.json</a>.
Credentials: <code>Authorization: Bearer TOKEN</code> (<code>windsock token create NAME</code>),
or a session with its CSRF token.</p>
<h2>Operations</h2>{operations}<h2>Schemas</h2>{schemas}</main></body></html>"""
    return HttpResponse(page)


def _operation(method: str, path: str, details: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><th scope=row><code>{escape(parameter['name'])}</code></th><td>{escape(parameter['in'])}"
        f"{', required' if parameter.get('required') else ''}</td><td>{escape(_type(parameter['schema']))}</td>"
        f"<td>{escape(parameter.get('description', ''))}</td></tr>"
        for parameter in details.get("parameters", ())
    )
    body = "".join(
        f"<tr><th scope=row><code>{escape(kind)}</code></th><td>{_type_link(content['schema'])}</td></tr>"
        for kind, content in details.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(
        f"<tr><th scope=row>{escape(str(status))}</th><td>{escape(answer['description'])}</td>"
        f"<td>{', '.join(_type_link(content['schema']) for content in answer.get('content', {}).values())}</td></tr>"
        for status, answer in details["responses"].items()
    )
    text = escape(details.get("description", "")).replace("\n\n", "</p><p>")
    return (
        f"<details id='{escape(details['operationId'])}'><summary><b>{method.upper()}</b> <code>{escape(path)}</code> "
        f"{escape(details['summary'])}</summary><p>{text}</p>"
        + (f"<h3>Parameters</h3><table>{parameters}</table>" if parameters else "")
        + (f"<h3>Body</h3><table>{body}</table>" if body else "")
        + f"<h3>Responses</h3><table>{answers}</table></details>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope=row><code>{escape(field)}</code></th><td>{_type_link(details)}"
        f"{', always present' if field in schema.get('required', ()) else ''}</td>"
        f"<td>{escape(details.get('description', ''))}</td></tr>"
        for field, details in schema.get("properties", {}).items()
    )
    about = escape(schema.get("description", "")).replace("\n\n", "</p><p>")
    content = f"<table>{rows}</table>" if rows else f"<p>{_type_link(schema)}</p>"
    title = f"<summary><code>{escape(name)}</code></summary>"
    return f"<details id='schema-{escape(name)}'>{title}<p>{about}</p>{content}</details>"


def _type_link(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f"<a href='#schema-{name}'>{name}</a>"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_type_link(part) for part in schema[word])
    if schema.get("type") == "array":
        return f"list of {_type_link(schema.get('items', {}))}"
    return escape(_type(schema))


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "anything")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{text} ({schema['format']})" if "format" in schema else text
