"""Miners behind a gateway that speaks the Miner Control API: told what to do, and never read."""
