"""The composition root: settings in, application out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI

from causal_service.service import problems
from causal_service.service.access.doors import Doors
from causal_service.service.api import events, operations, panels, results, studies
from causal_service.service.parts import open_parts
from causal_service.service.settings import Settings

__all__ = ["create_app"]

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": problems.Problem, "description": text, "content": {problems.MEDIA: {}}}
    for status, text in {
        400: "The request cannot be read",
        401: "No key, or a wrong one",
        403: "The key may not do this",
        404: "Not in this workspace",
        409: "Not in this state",
        413: "Too large",
        422: "Not as agreed, or the data cannot carry it",
        429: "Too often, or too many",
        503: "A part does not answer",
        507: "No room left",
    }.items()
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application of one service; its workers are processes of their own.

    Parameters
    ----------
    settings : the settings; default those of the environment.

    Raises
    ------
    CallError : ``unsafe-bind``, local mode on an address that others can reach.
    """
    chosen = settings or Settings()
    chosen.refuse_open_door()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with open_parts(chosen) as parts:
            app.state.parts = parts
            yield

    app = FastAPI(
        title="causal-service",
        version=version("causal-service"),
        summary="From an indicator panel to ranked, explained growth levers.",
        lifespan=life,
        redoc_url=None,
    )
    problems.install(app)
    app.include_router(operations.router)
    for module in (panels, studies, events, results):
        app.include_router(module.router, responses=_PROBLEMS)
    if find_spec("causal_service.service.web") is not None:
        import_module("causal_service.service.web").mount(app, chosen)
    app.add_middleware(Doors, settings=chosen)
    return app
