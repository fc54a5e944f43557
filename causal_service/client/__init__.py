"""A running service asked from Python, with the verbs and result objects of the local face.

=============  ============================================================
``client``     ``Client``: check, study, load; submit, wait, cancel
``transport``  one request with retries; refusals become our errors again
``stream``     server-sent events of a study
``form``       an upload as a streamed multipart body
=============  ============================================================

It needs the standard library alone for the network and knows nothing of the service but its contract.
"""

from causal_service.client.client import Client

__all__ = ["Client"]
