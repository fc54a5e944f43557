"""Why, in the reader's words.

====================  ==========================================================================
``chains``            the headline effect split over paths that add up
``contrast``          where correlation ranks each lever, and why ours differs
``wording``           findings as sentences in Chinese and English (facade)
``lever_sentences``   one lever in a sentence; ``answers`` one outcome in a paragraph
``hidden_causes``     how strong a hidden common cause would have to be
``reason_texts``      coded reasons of a verdict as sentences
``phrases``           names, moves, dates; ``quantities`` numbers and units
``results``           chains and contrasts as records
====================  ==========================================================================
"""
