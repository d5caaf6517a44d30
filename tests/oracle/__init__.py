"""Real Django as the judge of the cases: nothing here imports the analysis."""
