"""Known findings: a file of what was there when a team began, which only gets shorter by itself."""
