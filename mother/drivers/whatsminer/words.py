"""Sentences that an operator sees: why a Whatsminer takes no orders, and what to do."""

from __future__ import annotations

CLOSED_SECOND = (
    "its API takes no orders: in WhatsMinerTool, under Remote Ctrl, change the admin password from "
    "the factory's and enable the API switch, then put that password into the configuration"
)
CLOSED_THIRD = (
    "its API switch is off: in WhatsMinerTool, under Remote Ctrl, enable the API switch, and "
    "change the password from the factory's"
)
WRONG_SECOND = (
    "it does not understand the order: its admin password is not the one in the configuration"
)
WRONG_THIRD = (
    "it does not accept the order: its password is not the one in the configuration, or that "
    "account may not do this"
)
TOO_MANY_TOKENS = (
    "it gives no more tokens: 32 for each address, for 30 minutes each, and 16 addresses; "
    "orders wait until one runs out"
)
