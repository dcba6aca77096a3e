"""Tests of the harness: learner's programs written here in a few lines each, run as the grader runs them."""
