"""Compare arms where the distribution of the data is known: a trained model, the teacher, draws the data.

`config` and `arm_spec` say what to compare; `run` executes it; `context`, `teacher`, `student` and `workers`
train; `measure`, `selection`, `comparisons` and `scores` evaluate; `folder` stores; the package
`report` writes the page.
"""
