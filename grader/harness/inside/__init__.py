"""What runs inside the learner's process, and the launcher it is forked from: standard library only.

The launcher must stay small and single-threaded, so that a fork of it is a clean, warm interpreter. Nothing in this
package may import from the rest of the grader.
"""
