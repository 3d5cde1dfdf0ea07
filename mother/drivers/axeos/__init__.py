"""Bitaxe, NerdAxe and whatever else runs AxeOS: small open-source miners."""
