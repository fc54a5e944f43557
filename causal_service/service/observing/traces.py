"""OpenTelemetry traces, when an address for them is set: a span per request and per study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from causal_service.errors import MissingPart, Text
from causal_service.service.settings import Settings

__all__ = ["set_up_traces", "span"]


def set_up_traces(settings: Settings, name: str) -> None:
    """Send the spans of this process to ``settings.trace_endpoint``, when there is one.

    Raises
    ------
    MissingPart : the extra ``traces`` is not installed.
    """
    if not settings.trace_endpoint:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise MissingPart(
            "missing-traces",
            Text("未安装 OpenTelemetry。", "OpenTelemetry is not installed."),
            Text("请安装 causal-service[traces]。", "Install causal-service[traces]."),
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.trace_endpoint)))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, **attributes: object) -> Iterator[None]:
    """Trace what happens inside, when traces are set up."""
    try:
        from opentelemetry import trace
    except ImportError:
        yield
        return
    with trace.get_tracer("causal_service").start_as_current_span(
        name, attributes={key: str(value) for key, value in attributes.items()}
    ):
        yield
