"""Stands here so that pytest puts this folder on the import path: ``harness`` and ``oracle`` are packages in it."""
