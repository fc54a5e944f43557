"""The first page: drop a file, see the findings, choose the outcome, watch the progress, read the report.

============  ==============================================================================
``page``      the routes: ``/``, the bundled example, and the static files under their digest
``policy``    what a browser may do on the page: nothing but the service's own files
``reference``  ``/docs``: every route, from the OpenAPI document
``words``     every word of the page in Chinese and English
============  ==============================================================================

The page is a client of ``/v1`` like any other and keeps no state in the service.
"""

from causal_service.service.web.page import mount

__all__ = ["mount"]
