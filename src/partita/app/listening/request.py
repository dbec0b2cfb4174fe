"""What an owner asks for when a test is made. Nothing is made here."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

QuestionName = Literal["better", "real", "abx"]


class TestRequest(BaseModel):
    """The test to make: from the clips of a finished comparison, or from clips that models draw.

    Args:
        comparison: the name of a finished comparison; its real sound is one of the arms.
        arms: the arms of the comparison to take; none takes all.
        models: the names of models, at least two.
        clips: how many clips each model draws.
        seconds: the length of the clips.
        prompt: the uploaded recording that all clips continue.
        questions: one pass for each.
        listeners: names of the listeners.

    >>> TestRequest(comparison="violin", listeners=["AB"]).questions
    ['better']
    """

    __test__ = False  # not a class of tests
    model_config = ConfigDict(extra="forbid", frozen=True)

    comparison: str | None = None
    arms: list[str] = Field(default_factory=list, max_length=12)
    models: list[str] = Field(default_factory=list, max_length=6)
    clips: int = Field(6, ge=1, le=24)
    seconds: float = Field(5.0, ge=1.0, le=30.0)
    prompt: str | None = None
    questions: list[QuestionName] = Field(default=["better"], min_length=1, max_length=3)
    listeners: list[str] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def one_source(self) -> "TestRequest":
        """Refuse a request that names no source of clips, or two."""
        if bool(self.models) == (self.comparison is not None):
            raise ValueError("give either a comparison or models")
        if self.models and len(self.models) < 2:
            raise ValueError("choose at least two models")
        if any(not name.strip() or len(name) > 60 for name in self.listeners):
            raise ValueError("a listener's name is empty or longer than 60 letters")
        return self
