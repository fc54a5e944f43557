"""The OpenAPI description: every route says which problems it may answer, in their own media type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from causal_service.service.api.access import NEEDS
from causal_service.service.documented import documented
from causal_service.service.problems import MEDIA, Problem

__all__ = ["describe"]

_OPEN = ("/healthz", "/readyz")
_MEANINGS = {
    "400": "The request cannot be read",
    "401": "No key, or a wrong one",
    "403": "The key may not do this, or the request comes from another site",
    "404": "Not in this workspace",
    "409": "Not in this state",
    "413": "Too large",
    "422": "Not as agreed, or the data cannot carry it",
    "429": "Too often, or too many",
    "500": "A defect of the service",
    "503": "A part does not answer",
    "507": "No room left",
}


def describe(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Let the OpenAPI description of ``app`` name the problems of every route and the scope it needs (``x-scope``)."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            _add(schema)
            _add_scopes(routers, schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _add(schema: dict[str, Any]) -> None:
    place = "#/components/schemas/{model}"
    problem = TypeAdapter(documented(Problem)).json_schema(ref_template=place)
    schemas = schema["components"]["schemas"]
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {MEDIA: {"schema": {"$ref": place.format(model="Problem")}}}
    for path, operations in schema["paths"].items():
        if path not in _OPEN:
            for operation in operations.values():
                operation["responses"] |= {
                    status: {"description": text, "content": content} for status, text in _MEANINGS.items()
                }


def _add_scopes(routers: Sequence[APIRouter], schema: dict[str, Any]) -> None:
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute) and route.path in schema["paths"]:
            scope = next((NEEDS[part.call] for part in route.dependant.dependencies if part.call in NEEDS), None)
            for verb in (route.methods or ()) if scope is not None else ():
                schema["paths"][route.path][verb.lower()]["x-scope"] = scope
