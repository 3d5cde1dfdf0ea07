"""The dashboards of mother, written once for both kinds of store."""
