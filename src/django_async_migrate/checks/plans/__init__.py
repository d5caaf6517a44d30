"""How findings can be fixed: plans made of edits, the best first. The last resort is advice."""
