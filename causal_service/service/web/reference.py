"""``/docs``: every route with its parameters, bodies and answers, from the OpenAPI document alone; no script at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader

__all__ = ["mount_reference"]

Json = Mapping[str, Any]
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the name of a kind: words, or the name of a schema to link to."""

    text: str
    """What is shown."""
    schema: bool = False
    """Whether it names a schema."""


def mount_reference(app: FastAPI, place: str) -> None:
    """Put the reference at ``/docs``; ``place`` is where the static files lie."""
    router = APIRouter(include_in_schema=False)

    @cache
    def rendered() -> str:
        document = app.openapi()
        environment = Environment(
            loader=PackageLoader("causal_service.service.web", "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        template = environment.get_template("reference.html.j2")
        schemas = document["components"]["schemas"]
        return template.render(place=place, info=document["info"], routes=_routes(document), schemas=schemas, kind=kind)

    @router.get("/docs")
    def reference() -> HTMLResponse:
        return HTMLResponse(rendered(), headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})

    app.include_router(router)


def _routes(document: Json) -> list[dict[str, Any]]:
    """Return every operation: verb, path, anchor and what the document says of it."""
    return [
        {"verb": verb.upper(), "path": path, "anchor": f"{verb}-{path.strip('/').translate(_PLAIN)}", "it": operation}
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
    ]


_PLAIN = str.maketrans({"/": "-", "{": None, "}": None})


def kind(schema: Json) -> list[Piece]:
    """Return the kind of a JSON schema in few words."""
    if "$ref" in schema:
        return [Piece(str(schema["$ref"]).rpartition("/")[2], schema=True)]
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if several:
        found: list[Piece] = []
        for number, part in enumerate(several):
            found += [Piece(" | ")] * bool(number) + kind(part)
        return found
    if "enum" in schema or "const" in schema:
        return [Piece(" | ".join(f'"{choice}"' for choice in schema.get("enum", [schema.get("const")])))]
    if schema.get("type") == "array":
        inner = kind(schema["items"]) if "items" in schema else [Piece("any")]
        return [Piece("list of "), *inner]
    if isinstance(schema.get("additionalProperties"), Mapping):
        return [Piece("object of "), *kind(schema["additionalProperties"])]
    return [Piece(str(schema.get("format") or schema.get("type") or "any"))]
