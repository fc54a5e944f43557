"""From a panel to moments.

=====================  ==========================================================================================
``transforms``         the scale on which an indicator is linear, and the way back to its unit
``rows``               lagged rows that never bridge a gap
``time_terms``         trend and season of a single series, or of a few, in the place of period effects
``within_rows``        effects removed, columns standardised, gaps filled by EM
``prepared``           block moments of those rows
``scale``              the way of new rows to the base columns, as settled on a sample
``partition_moments``  sums per block over one part of a panel too large for memory
``large``              all parts added up to the moments that ``prepared`` gives
``steps``              what was done, in words
``lag_order``          how many lags, by BIC
=====================  ==========================================================================================
"""
