"""The machine that mother runs on: its service manager and its journal."""
