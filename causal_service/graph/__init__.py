"""The language of causes.

==================  ==============================================================================
``causal_graph``    nodes, marked and lagged edges, certificate
``knowledge``       tiers, required and forbidden edges; checked, and as arrays for the kernels
``certificate``     the re-check of every returned graph against the knowledge
``separation``      ancestors, descendants, cycles, d-separation over lags
``arrays``          boolean arrays <-> named edges
``compare``         structural Hamming distance, directed F1
``interchange``     JSON, networkx, GML; ``dot`` for Graphviz
``layout``          places for a picture, left to right
==================  ==============================================================================

Equivalence classes (Meek's rules) are arrays only and live in ``numerics.meek``.
"""
