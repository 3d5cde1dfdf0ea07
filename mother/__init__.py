"""mother: finds, configures, measures and heals the miners of a farm."""

__version__ = "0.4.0"
