"""What real Django says about ``fixtures/legacy_project``, and whether a scan agrees."""
