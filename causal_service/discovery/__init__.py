"""What may cause what.

====================  ==============================================================================
``search_problem``    knowledge and totals as arrays for the order search
``discover``          the verb: a graph with frequencies, from our search or a library's
``resampling``        draws over entities on threads, each with its class and members
``consensus``         one graph out of all draws
``common_causes``     pairs that a hidden driver moves together, marked in the graph
``hidden_driver``     is there a hidden driver behind an outcome and its levers
``driver_strength``   draws beside a driver take it for stronger or weaker than estimated
``shared_traces``     levers that a hidden driver of one of them and the outcome would explain as well
``layer_check``       do the data contradict a declared layer
``via_causallearn``   door to causal-learn: PC, GES, FCI (and BOSS as a peer)
====================  ==============================================================================
"""
