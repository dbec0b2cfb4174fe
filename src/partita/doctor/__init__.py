"""Find out what is wrong with a corpus or a run, with numbers, and what to do about it.

- `examine`: a corpus or a run; `first_line`: the most important finding on a run, in a moment.
- `finding`, `diagnosis`: what is found. `tones`: what is known about when tones appear.
- `corpus`, `run`: the checks. `terminal`: the findings in a terminal.

This package changes nothing. It measures the training rate in a temporary folder.
"""

from partita.doctor.diagnosis import Diagnosis, Fact
from partita.doctor.examine import examine, first_line
from partita.doctor.finding import Finding, most_severe_first

__all__ = ["Diagnosis", "Fact", "Finding", "examine", "first_line", "most_severe_first"]
