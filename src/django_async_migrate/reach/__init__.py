"""From coroutines to incidents: which functions are entry points, and what was found in them."""
