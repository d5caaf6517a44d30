"""Speed and memory of a scan beside other tools, on pinned packages: ``python -m benchmarks``."""
