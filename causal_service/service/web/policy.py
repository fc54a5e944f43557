"""What a browser may do on the page (Content Security Policy, W3C level 3): use the service's own files, nothing else.

The report is shown in a sandboxed frame whose document inherits this policy (a ``blob:`` address does), so the one
style element of every report is allowed by its hash; no other inline style and no inline script exists.
"""

from __future__ import annotations

import base64
import hashlib

from causal_service.report.html import report_style

__all__ = ["page_headers"]


def page_headers() -> dict[str, str]:
    """Return the headers of the page."""
    digest = base64.b64encode(hashlib.sha256(report_style().encode()).digest()).decode()
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'sha256-{digest}'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
