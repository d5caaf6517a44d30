"""What the project declares: modules, functions, classes and models, each read only when asked for."""
