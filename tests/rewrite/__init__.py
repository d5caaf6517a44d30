"""Rewrites are proven: real Django runs projects before and after them, and nothing may differ."""
