"""What grading costs: `nox -s bench`."""
