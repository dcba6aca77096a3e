"""Are the graders right? Runs them on all submissions that are known to be right or wrong.

`submissions` finds the submissions, `grading` has them graded, `agreement` says whether a verdict is what it should be.
`stress`, `mutate` and `coverage` are commands of their own (`nox -s stress` and so on); tests/test_graders_proven.py
asks the same questions once. They live beside the tests because they, too, believe nothing but what a grader does.
"""
