"""What may cause what.

====================  ==============================================================================
``search_problem``    knowledge and totals as arrays for the order search
``discover``          the verb: a graph with frequencies, from our search or a library's
``resampling``        draws over entities on threads, each with its class and members
``consensus``         one graph out of all draws
``via_causallearn``   door to causal-learn: PC, GES, FCI (and BOSS as a peer)
====================  ==============================================================================
"""
