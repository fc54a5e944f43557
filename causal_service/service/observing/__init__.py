"""What an operator sees: JSON logs, Prometheus metrics, optional traces, and whether the parts answer."""
