"""USDM 4.0: the protocol as CDISC's Unified Study Definitions Model has it, out and in."""
