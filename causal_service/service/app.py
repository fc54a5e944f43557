"""The composition root: settings in, application out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

from fastapi import FastAPI

from causal_service.service import problems
from causal_service.service.access.doors import Doors
from causal_service.service.api import administration, bundles, events, operations, panels, questions, results, studies
from causal_service.service.api.description import describe
from causal_service.service.parts import open_parts
from causal_service.service.settings import Settings

__all__ = ["create_app"]


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
        docs_url=None,  # our own, without scripts from elsewhere
        redoc_url=None,
    )
    problems.install(app)
    routers = [
        module.router for module in (operations, panels, studies, events, results, questions, bundles, administration)
    ]
    for router in routers:
        app.include_router(router)
    describe(app, routers)
    if find_spec("causal_service.service.web") is not None:
        import_module("causal_service.service.web").mount(app, chosen)
    app.add_middleware(Doors, settings=chosen)
    return app
