"""mother: finds, measures and heals the miners of a farm."""

__version__ = "0.1.0"
