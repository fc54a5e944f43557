"""The composition root: settings in, application out."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

from fastapi import FastAPI

from causal_service.service import problems
from causal_service.service.api import operations
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
    app = FastAPI(
        title="causal-service",
        version=version("causal-service"),
        summary="From an indicator panel to ranked, explained growth levers.",
        redoc_url=None,
    )
    app.state.settings = chosen
    problems.install(app)
    app.include_router(operations.router)
    if find_spec("causal_service.service.web") is not None:
        import_module("causal_service.service.web").mount(app, chosen)
    return app
