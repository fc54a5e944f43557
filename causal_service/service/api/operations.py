"""What a supervisor asks: alive, ready, how busy."""

from __future__ import annotations

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="The process is alive")
def healthz() -> dict[str, str]:
    """Answer as long as the process can answer at all."""
    return {"status": "ok"}
