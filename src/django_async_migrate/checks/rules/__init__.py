"""One module for each rule; they do not know each other."""
