"""How much: effects of every lever on every outcome, with intervals that include graph uncertainty.

===================  ===============================================================================
``estimate``         draws -> impact, sustained(h), cumulative(h) in users' units, p and q
``robustness``       how strong a hidden common cause would have to be (Cinelli & Hazlett 2020)
``system``           the learned system as a record; ``standing`` where its indicators stand
``moves``            moves of levers as people write them; ``move_refusals`` why one cannot be made
``what_if``          what follows when levers are moved
``observed_causes``  the strongest observed common cause: the measure for hidden ones
``identification``   by holding what equal an effect is read off, or why it cannot be
``strategies``       adjustment, front-door, instrument as graph criteria
``unrolled``         the graph over time, with hidden causes as nodes
``checks``           placebos, random causes, parts of the data: attempts to break an effect
``comparison``       the regression in which an effect is read off rows
``refits``           the graph refitted on parts of the data, from Gram matrices
``e_value``          hidden causes as risk ratios (VanderWeele & Ding 2017)
``average_effects``  levers with two states in a cross-section: what having them did (``average_effect``, ``nuisances``)
``crosscheck``       a second opinion by DoWhy; ``via_dowhy`` is its door
``moderation``       along what: effects by level of another indicator; ``via_econml`` is the door to EconML
``results``          what is said about one lever and one outcome
===================  ===============================================================================
"""
