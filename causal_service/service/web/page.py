"""The routes of the first page; its words are rendered here, its work is done by small modules in the browser."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from causal_service.data import demo_dictionary_path, demo_panel_path
from causal_service.panel.dictionary import DEFAULT_LAYERS
from causal_service.report.labels import layer_label
from causal_service.service.settings import Settings
from causal_service.service.web.policy import page_headers
from causal_service.service.web.reference import mount_reference
from causal_service.service.web.words import page_words, script_words

__all__ = ["mount"]

_HERE = Path(__file__).parent
_EXAMPLE = {"panel.csv": demo_panel_path, "dictionary.yaml": demo_dictionary_path}


class _Files(StaticFiles):
    """Static files under an address that changes with their content, so that browsers keep them."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def mount(app: FastAPI, settings: Settings) -> None:
    """Put the page at ``/``, the bundled example under ``/example`` and the static files under ``/static``."""
    place = f"/static/{_digest()}"
    pages = {lang: _rendered(lang, place, settings.mode) for lang in ("zh", "en")}
    headers = page_headers()
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def page(request: Request, lang: Literal["zh", "en"] | None = None) -> HTMLResponse:
        chosen = lang or _language(request.headers.get("accept-language", ""))
        return HTMLResponse(pages[chosen], headers=headers)

    @router.get("/example/{name}")
    def example(name: Literal["panel.csv", "dictionary.yaml"]) -> FileResponse:
        return FileResponse(_EXAMPLE[name](), headers={"X-Content-Type-Options": "nosniff"})

    app.include_router(router)
    mount_reference(app, place)
    app.mount(place, _Files(directory=_HERE / "static"), name="static")


def _language(accepted: str) -> str:
    return "zh" if accepted.lower().lstrip().startswith("zh") else "en"


def _rendered(lang: str, place: str, mode: str) -> str:
    environment = Environment(
        loader=PackageLoader("causal_service.service.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        lang=lang,
        other="en" if lang == "zh" else "zh",
        place=place,
        mode=mode,
        version=version("causal-service"),
        w=page_words(lang),
        script_words=script_words(lang) | {f"layer_{layer}": layer_label(layer, lang) for layer in DEFAULT_LAYERS},
    )


def _digest() -> str:
    files = sorted((_HERE / "static").iterdir())
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()[:16]
