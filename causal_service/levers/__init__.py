"""What to move first.

============  ==========================================================================
``steps``     one feasible move of a lever, cut at its bounds, and its gain per draw
``ranking``   rank, P(top k), expected regret
``verdicts``  act | test | watch | insufficient, with coded reasons
``results``   one row of the ranked list
============  ==========================================================================
"""
