"""On paper: a format-free document, HTML, the graph picture, tables."""
