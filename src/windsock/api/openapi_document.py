"""The whole OpenAPI document: what ninja made of the operations, with schemas, plain views and answers filled in."""

from http import HTTPStatus
from typing import Any

from windsock.api import openapi, openapi_views


def complete(document: dict[str, Any], prefix: str) -> None:
    """Add to ninja's document what it cannot know, and remove what it only guessed.

    Args:
        document: ninja's document, changed in place.
        prefix: Where the API is mounted, such as "/api/v1/".
    """
    document["components"].setdefault("schemas", {}).update({**openapi.schemas(), **openapi_views.schemas()})
    document["paths"].update(openapi_views.paths(prefix))
    for methods in document["paths"].values():
        for details in methods.values():
            for parameter in details.get("parameters", ()):
                _move_examples(parameter)
            # ninja assumes a 200 without a body where an operation answers with an HttpResponse of its own.
            details["responses"] = {
                str(status): answer
                for status, answer in sorted(details["responses"].items(), key=lambda item: str(item[0]))
                if "content" in answer or answer["description"] != HTTPStatus(int(status)).phrase
            }


def _move_examples(parameter: dict[str, Any]) -> None:
    """Move a list of examples into the parameter's schema: on the parameter itself OpenAPI wants them named."""
    examples = parameter.get("examples")
    if isinstance(examples, list):
        del parameter["examples"]
        parameter["schema"].setdefault("examples", examples)
