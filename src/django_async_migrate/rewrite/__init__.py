"""Applies rewrites: the only package that knows LibCST. Imported only when something is rewritten."""
