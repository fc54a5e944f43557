"""From a panel to moments.

===============  ======================================================================================
``transforms``   the scale on which an indicator is linear, and the way back to its unit
``rows``         lagged rows that never bridge a gap
``prepared``     within-transform, EM on gaps, block moments; every step recorded
``lag_order``    how many lags, by BIC
===============  ======================================================================================
"""
