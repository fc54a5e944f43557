"""Why, in the reader's words.

======================  ==========================================================================
``chains``              the headline effect split over paths that add up
``arrival``             when a part of an effect arrives, and the interval of its share
``mediation``           direct or through other indicators
``contrast``            the ledger: where charts place every indicator, where we do, and why
``associations``        correlations seen three ways and beside others; ``importance`` the SHAP chart (``via_shap``)
``evidence``            what the draws say about one indicator; ``reasons`` one reason decided on it
``contrast_sentences``  one row of the ledger in a sentence
``wording``             findings as sentences in Chinese and English (facade)
``lever_sentences``     one lever in a sentence; ``answers`` one outcome in a paragraph
``what_if``             levers moved, what follows, in words (``what_if_sentences``, ``what_if_notes``)
``reach``               what must move for a target, in words (``reach_sentences``)
``counterfactual``      what would have been, for one entity, in words (``counterfactual_sentences``)
``scene``               a stored study as questions see it
``average_sentences``   what having a lever with two states did
``moderations``         along what levers work differently (``moderation_sentences``)
``hidden_causes``       how strong a hidden common cause would have to be
``reason_texts``        coded reasons of a verdict as sentences
``phrases``             names, moves, dates; ``quantities`` numbers and units
``plain``               results as plain lists and numbers
``results``             chains and contrasts as records
======================  ==========================================================================
"""
