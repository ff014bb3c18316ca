"""Tests are deterministic: the same examples in every run, so that one that fails does so for the change that broke it."""

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True)
settings.load_profile("deterministic")
