"""The choices a study makes before and around the statistics (METHOD, Definitions: Defaults, Identities, Findings).

==================  ======================================================================================
``question``        options and names: what is asked
``studied``         which indicators are learned from, which sums follow their parts, how many lags
``design``          which kind of data was seen, and what was chosen because of it
``suspicions``      what all checks together say about single indicators
``findings``        what was found while learning, as findings
``trace_findings``  what a hidden driver of one lever and the outcome would explain as well
``power_findings``  what the panel is too small to show
==================  ======================================================================================
"""
