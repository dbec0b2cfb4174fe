"""Go from recordings to two trained arms and a page with clips, within a given time.

`config` says what to do; `run` executes it; `time_budget` and `scoring_costs` divide the time; `folder`
stores; `page` collects what the page shows. This package does not know how models are trained or scored.
"""
