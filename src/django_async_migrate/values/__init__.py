"""Abstract values, the heap they point into, and how both are joined where paths meet."""
