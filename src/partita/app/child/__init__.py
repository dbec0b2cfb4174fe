"""Processes that work on the files of visitors: `running` starts and ends them, `limits` binds them."""
