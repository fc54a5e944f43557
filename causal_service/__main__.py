"""``python -m causal_service`` is the command ``causal-service``."""

from __future__ import annotations

import sys

from causal_service.cli import main

if __name__ == "__main__":
    sys.exit(main())
