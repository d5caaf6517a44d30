"""What Django's and Python's objects do, told to the interpreter as values and effects."""
