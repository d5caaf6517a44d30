"""What the project says about itself: settings in pyproject.toml, and its Django version."""
