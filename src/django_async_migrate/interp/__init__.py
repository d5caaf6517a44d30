"""The abstract interpreter: evaluates functions over abstract values and records what they query."""
