"""Optuna's study of a search: an SQLite file of its own, which a killed search leaves whole.

Proposals are by the tree-structured Parzen estimator (Bergstra et al. 2011; Watanabe 2023, arXiv 2304.11127), pruning
by the median of the finished trials at the same part of their training (Golovin et al. 2017). Everything that a
process needs to go on with a trial is in the trial's attribute ``NOTE``, written in one transaction before it
is needed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

NAME = "recipes"
NOTE, PROPOSED, BACKBONES, BEGUN = "graft", "proposed", "backbones", "begun"
PARTS, WARM_UP = 5, 3
"""Curves are compared at fifths of a training, from the third one on: epochs of a head and of fine-tuning are not
comparable by their number, and fine-tuning begins with a third of epochs that train only its head."""
BEFORE_PRUNING = 4
"""Finished trials before the first one is pruned."""
RANDOM = 10
"""Trials, those given first included, before the estimator is used (Optuna's default)."""


class RecipeStudy:
    """One study. Only the process that holds the search's lock opens it."""

    def __init__(self, path: Path, backbones: Sequence[str]) -> None:
        """Open it, or make one for these backbones.

        A study keeps its backbones: Optuna's categorical values must not change.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(
            storage=f"sqlite:///{path}",
            study_name=NAME,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING, n_warmup_steps=WARM_UP),
        )
        # another seed after going on: with the same one the first random proposals would come again
        seed = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM)
        if BACKBONES not in self._study.user_attrs:
            self._study.set_user_attr(BACKBONES, list(backbones))

    @property
    def backbones(self) -> list[str]:
        return list(self._study.user_attrs[BACKBONES])

    @property
    def has_begun(self) -> bool:
        """Whether the first recipes were given."""
        return BEGUN in self._study.user_attrs

    def begin(self) -> None:
        self._study.set_user_attr(BEGUN, True)

    def enqueue(self, params: dict[str, Any], proposed: str) -> None:
        """A recipe that is tried before Optuna proposes any; of several equal ones the first."""
        self._study.enqueue_trial(params, user_attrs={PROPOSED: proposed}, skip_if_exists=True)

    def ask(self) -> Trial:
        return self._study.ask()

    def proposed(self, trial: Trial) -> str:
        return str(trial.user_attrs.get(PROPOSED, "Optuna"))

    def unfinished(self) -> list[FrozenTrial]:
        """Trials that a killed or stopped search has left."""
        return list(self._study.get_trials(states=(TrialState.RUNNING,)))

    def notes(self) -> list[dict[str, Any]]:
        """What is known of every trial that has a run, in the order of the proposals."""
        return [dict(one.user_attrs[NOTE]) for one in self._study.get_trials(deepcopy=False) if NOTE in one.user_attrs]

    def left_out(self) -> int:
        """Proposals that got no run."""
        every = self._study.get_trials(states=(TrialState.FAIL, TrialState.COMPLETE), deepcopy=False)
        return sum(NOTE not in one.user_attrs for one in every)

    def note(self, number: int, note: dict[str, Any]) -> None:
        self._trial(number).set_user_attr(NOTE, note)

    def falls_behind(self, number: int, curve: Sequence[float], epochs: int) -> bool:
        """Tell how far a curve has come; whether its trial is to be pruned.

        Args:
            curve: validation accuracy of every epoch so far. epochs: of the whole training.
        """
        trial = self._trial(number)
        known = self._study.get_trials(deepcopy=False)[number].intermediate_values
        behind = False
        for part in range(1, PARTS + 1):
            needed = -(-part * epochs // PARTS)
            if part in known or not 0 < needed <= len(curve):
                continue
            trial.report(max(curve[:needed]), part)
            behind = trial.should_prune()
        return behind

    def finished(self, number: int, accuracy: float) -> None:
        self._study.tell(number, accuracy, skip_if_finished=True)

    def pruned(self, number: int) -> None:
        self._study.tell(number, state=TrialState.PRUNED, skip_if_finished=True)

    def failed(self, number: int) -> None:
        self._study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def _trial(self, number: int) -> Trial:
        return Trial(self._study, self._study.get_trials(deepcopy=False)[number]._trial_id)
