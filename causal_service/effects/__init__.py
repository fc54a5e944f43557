"""How much: effects of every lever on every outcome, with intervals that include graph uncertainty.

===================  ===============================================================================
``estimate``         draws -> impact, sustained(h), cumulative(h) in users' units, p and q
``robustness``       how strong a hidden common cause would have to be (Cinelli & Hazlett 2020)
``observed_causes``  the strongest observed common cause: the measure for hidden ones
``identification``   by holding what equal an effect is read off, or why it cannot be
``strategies``       adjustment, front-door, instrument as graph criteria
``unrolled``         the graph over time, with hidden causes as nodes
``results``          what is said about one lever and one outcome
===================  ===============================================================================
"""
