"""How far the pipeline can be trusted on data like the user's: twins of the panel whose truth is known.

===============  ======================================================================================
``rehearse``     the verb: twins through the user's plan
``levels``       the panel with its gaps filled, and what entities and periods add
``marginals``    what kind of numbers an indicator holds
``scales``       between an indicator's unit and the scale of the linear system
``mechanisms``   how every indicator of a twin comes about
``nulls``        levers cut off from every outcome
``twins``        a generating system and panels simulated from it
``truth``        true effects: path products, or twin runs with common noise
``trial``        truth and statements about one outcome on one twin
``scores``       ranking, verdicts and detectable effects
``calibration``  coverage and how much wider intervals must be
``results``      what is reported
``findings``     what must be known about a rehearsal itself
===============  ======================================================================================
"""
