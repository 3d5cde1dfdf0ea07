"""A simulated gateway of the Miner Control API, after a public exercise and its mock servers."""
