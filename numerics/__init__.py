"""Compiled expressions, simulation and estimates: how much."""
