"""Arrays in, arrays out.

====================  =======================================================================================
``within``            entity and period effects removed, gap-aware (Guimaraes & Portugal 2010)
``gaussian_em``       expected Gram matrices of rows with gaps (Dempster, Laird & Rubin 1977)
``short_panel``       from short within-moments to the stationary covariance (Nickell 1981)
``grow_shrink``       best parents for any set of candidates, cached (Andrews et al. 2023)
``order_search``      Best Order Score Search (Andrews et al. 2023)
``meek``              equivalence classes under background knowledge (Meek 1995)
``inverse``           a small inverse in its own place, for kernels
``linear_system``     fit a lagged linear system, read effects off it (Bollen 1989)
``draw``              one draw put together
``factor_em``         EM for one hidden driver inside a linear system (Rubin & Thayer 1982)
``hidden_factor``     structural EM with that driver, compared with the system without it (Friedman 1998)
``keyed_random``      random numbers by key (Steele, Lea & Flood 2014)
====================  =======================================================================================

Kernels release the interpreter lock and are compiled once per machine (``compiled``). Letters are those of the papers.
"""
