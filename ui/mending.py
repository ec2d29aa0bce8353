"""Where one visitor stands with touch-ups: lives in a `gr.State`, so that nobody can name another's run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain import TouchUp


@dataclass(frozen=True, slots=True)
class Mending:
    """`steps` are those that lead to what is shown, oldest first, with the finish of each; none is the model's own."""

    run_id: str = ""
    steps: tuple[tuple[int, TouchUp], ...] = ()

    @property
    def step(self) -> int:
        return self.steps[-1][0] if self.steps else 0

    @property
    def options(self) -> TouchUp:
        return self.steps[-1][1] if self.steps else TouchUp()

    def after(self, step: int, options: TouchUp) -> Mending:
        return replace(self, steps=(*self.steps, (step, options)))

    def back(self) -> Mending:
        return replace(self, steps=self.steps[:-1])

    def fresh(self) -> Mending:
        return replace(self, steps=())
