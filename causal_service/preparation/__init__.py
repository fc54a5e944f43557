"""From a panel to moments.

===============  ======================================================================================
``transforms``   the scale on which an indicator is linear, and the way back to its unit
``rows``         lagged rows that never bridge a gap
``time_terms``   trend and season of a single series, or of a few, in the place of period effects
``prepared``     within-transform, EM on gaps, block moments
``steps``        what was done, in words
``lag_order``    how many lags, by BIC
===============  ======================================================================================
"""
