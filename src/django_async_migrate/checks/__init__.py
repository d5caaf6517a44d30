"""Rules: what the tool reports, one small module each in ``checks.rules``."""
