"""Frozen dataclasses that flow between the stages; no logic."""
