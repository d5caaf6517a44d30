"""Django's template language: from text to a tree, and from trees to code that the interpreter can follow."""
