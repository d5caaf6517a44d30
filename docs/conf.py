"""Settings of the documentation site: ``make site`` builds it."""

project = "django-async-migrate"
author = "django-async-migrate maintainers"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = "django-async-migrate"
# Headings get the anchors that GitHub gives them, so that links work in both places.
myst_heading_anchors = 3
# Pages are Markdown files for GitHub, too; what lies beside docs/ is linked to by its file.
suppress_warnings = ["myst.xref_missing"]
exclude_patterns = ["_build"]
html_copy_source = False
