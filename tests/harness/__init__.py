"""What the tests share; no test lives here."""
