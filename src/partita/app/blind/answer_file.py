"""Read the JSON file of answers that the offline page saves, and append its answers.

    {"format": 1, "listener": TOKEN, "commitment": SHA-256, "ended": true,
     "answers": [{"trial", "choice", "seconds", "at", "plays", "switches"}]}

A file can be read more than once, and after answers on the served page: an answer that is already there is
not appended again. This file does not open the key.
"""

from dataclasses import dataclass
from pathlib import Path

from partita.app.blind.answers import Answer
from partita.app.blind.folder import BlindTest
from partita.app.blind.key import FORMAT
from partita.tables import read_json

REMEDY = "save the answers again on the page of this test"


@dataclass(frozen=True, kw_only=True)
class ReadAnswers:
    """What came of reading a file of answers.

    Args:
        listener: the listener's token.
        appended: how many answers are new.
        known: how many answers were there already.
        ended: whether the listener has ended the test.
    """

    listener: str
    appended: int
    known: int
    ended: bool


def append_answer_file(test: BlindTest, path: Path) -> ReadAnswers:
    """Append the answers of a file to those of its listener.

    The whole file is checked before anything is appended.

    Args:
        test: the test.
        path: the file that the offline page saved.

    Raises:
        PartitaError: the file is damaged, belongs to another test, names an unknown trial or listener, or the
            test has ended.
    """
    table = read_json(path, remedy=REMEDY)
    table.integer("format", minimum=FORMAT, maximum=FORMAT)
    if table.text("commitment") != test.commitment:
        table.reject("commitment", "belongs to another test")
    token = table.text("listener")
    session = test.session(token)
    answers = [Answer.read(one) for one in table.tables("answers")]
    trials = set(session.trials)
    for answer, one in zip(answers, table.tables("answers"), strict=True):
        if answer.trial not in trials:
            one.reject("trial", "is no trial of this listener")
    ended = table.boolean("ended", default=False)
    known = session.file.read().answers
    new = [answer for answer in answers if answer not in known]
    for answer in new:
        session.answer(answer)
    if ended:
        session.end()
    return ReadAnswers(
        listener=token, appended=len(new), known=len(answers) - len(new), ended=session.progress().ended
    )
