"""How commands reach the running daemon: a small API on a Unix socket."""
