"""Rows of a simulated panel, block by block: who is there, what they produce and earn, and what is measured of it."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from aigini.economy.economy import Scenario
from aigini.economy.tasks import N_TASKS
from aigini.panel.firms import Firms, firms_of
from aigini.panel.random import Numbers
from aigini.panel.settings import PanelSettings
from aigini.panel.states import States, states_of
from aigini.panel.workers import Group, group, group_width, task_output
from aigini.parameters import Parameters

TYPES: dict[str, type] = {
    "worker": np.int32,
    "firm": np.int32,
    "occupation": np.int16,
    "task": np.int16,
    "period": np.int16,
    **dict.fromkeys(("ai_use", "credential", "credential_required", "assessment", "hired", "ai_structure"), np.int8),
    **dict.fromkeys(
        (
            *("output", "task_weight", "ability_proxy", "schooling", "other_schooling", "work_sample"),
            *("assessed_human_capital", "wage", "firm_assets", "rent_share"),
        ),
        np.float32,
    ),
}
"""Types of the columns of a simulated panel; AI structure is the position in `aigini.panel.schema.STRUCTURES`."""

Rows = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Generator:
    """A simulated panel, whose rows are made when they are asked for.

    Attributes:
        settings: The panel.
        states: The economy for each rent share.
        firms: Its firms.
    """

    settings: PanelSettings
    states: tuple[States, ...]
    firms: Firms

    @property
    def groups(self) -> int:
        """Number of groups of workers."""
        return math.ceil(self.settings.n_workers / group_width(self.settings.n_workers))

    @property
    def blocks(self) -> list[range]:
        """Groups of each block."""
        each = max(self.settings.block // group_width(self.settings.n_workers), 1)
        return [range(at, min(at + each, self.groups)) for at in range(0, self.groups, each)]

    def block(self, groups: range) -> Rows:
        """The rows of some groups, sorted by worker, task and period; columns by name, of the types in `TYPES`."""
        parts = [self.rows(position) for position in groups]
        return {name: np.concatenate([part[name] for part in parts]) for name in TYPES}

    def __iter__(self) -> Iterator[Rows]:
        """The rows of each block."""
        return (self.block(groups) for groups in self.blocks)

    def rows(self, position: int) -> Rows:
        """The rows of one group of workers."""
        settings, firms = self.settings, self.firms
        own = group(settings, self.states, firms, position)
        numbers, width = Numbers(settings.seed), len(own.firm)
        periods, tasks = settings.periods, settings.tasks
        worker = own.first + np.arange(width)
        at = np.arange(periods)
        with_ai = own.user[:, None] & (at[None, :] >= firms.start[own.firm][:, None])
        state = with_ai.astype(np.int64)
        intensity = firms.intensity[own.firm]

        def by_state(values: np.ndarray) -> np.ndarray:
            return np.where(with_ai, values[1][:, None], values[0][:, None])

        wage = self._wage(own, with_ai, intensity)
        wage = wage * np.exp(self._error(numbers, "wage_error", own, (width, periods)))
        required = self._required(own)
        schooling = by_state(own.schooling)
        if settings.schooling_error > 0:
            schooling = np.maximum(
                schooling + self._error(numbers, "schooling_error", own, (width, periods), centred=False), 0.0
            )
        task = firms.task_set[own.firm][:, None] + np.arange(tasks)[None, :] * (N_TASKS // tasks)
        output = self._output(own, with_ai, intensity, task)
        output = output * np.exp(self._error(numbers, "output_error", own, (width, tasks, periods)))
        proxy = own.log_ability + settings.ability_error * numbers.normal("ability_error", own.first, width)
        weights = self.states[0].weights[own.occupation]
        columns = {
            "worker": (worker + 1)[:, None, None],
            "firm": (own.firm + 1)[:, None, None],
            "occupation": np.full((1, 1, 1), own.occupation + 1),
            "task": (task + 1)[:, :, None],
            "period": (at + 1)[None, None, :],
            "ai_use": state[:, None, :],
            "output": output,
            "task_weight": weights[task][:, :, None],
            "ability_proxy": proxy[:, None, None],
            "schooling": schooling[:, None, :],
            "other_schooling": by_state(own.other_schooling)[:, None, :],
            "credential": own.credential[:, None, None],
            "credential_required": required[:, None, :],
            "work_sample": by_state(own.work_sample)[:, None, :],
            "assessment": np.ones((1, 1, 1)),
            "assessed_human_capital": by_state(own.assessed)[:, None, :],
            "hired": (own.credential[:, None] | ~required)[:, None, :],
            "wage": wage[:, None, :],
            "firm_assets": np.exp(firms.measured[own.firm])[:, None, :],
            "ai_structure": firms.proprietary[own.firm].astype(np.int8)[:, None, None],
            "rent_share": np.array([float(one.parameters.xi) for one in self.states])[firms.market[own.firm]][
                :, None, None
            ],
        }
        present = self._present(numbers, own, worker)
        keep = np.broadcast_to(present[:, None, :], (width, tasks, periods)).reshape(-1)
        everyone_there = bool(keep.all())
        rows = {}
        for name, values in columns.items():
            flat = np.broadcast_to(values.astype(TYPES[name]), (width, tasks, periods)).reshape(-1)
            rows[name] = flat if everyone_there else flat[keep]
        return rows

    def _wage(self, own: Group, with_ai: np.ndarray, intensity: np.ndarray) -> np.ndarray:
        """Wages without error, ``[workers, periods]``."""
        commodity_pay, rent_pay = own.commodity_pay, own.rent_pay
        if self.settings.structure == "separate":
            commodity_pay, rent_pay = self._separate_pay(own)
        log_wage = np.log((own.human_pay + commodity_pay)[:, :, None] + rent_pay[:, :, None] * intensity[None, :, :])
        spread = self.settings.spillover * self.firms.adopted[None, :]
        without = log_wage[0] + spread * (log_wage[1] - log_wage[0])
        return np.exp(np.where(with_ai, log_wage[1], without))

    def _separate_pay(self, own: Group) -> tuple[np.ndarray, np.ndarray]:
        """Pay for commodity AI and rents where all of a firm's AI, Ā, is of one structure."""
        market, proprietary = self.firms.market[own.firm], self.firms.proprietary[own.firm]
        params = [one.parameters for one in self.states]
        base = np.array([float(one.xi * one.asset_return) for one in params])[market]
        xi = np.array([float(one.xi) for one in params])[market]
        commodity, own_ai, whole = (
            np.array([getattr(one, name) for one in self.states]).T[:, market]
            for name in ("commodity", "proprietary", "effective")
        )
        # R_A,o from whichever of the two pays for it.
        from_rent = np.divide(own.rent_pay - base, xi * own_ai, out=np.zeros_like(whole), where=xi * own_ai > 0)
        price = np.divide(own.commodity_pay, commodity, out=from_rent, where=commodity > 0)
        return np.where(proprietary, 0.0, price * whole), base + np.where(proprietary, xi * price * whole, 0.0)

    def _output(self, own: Group, with_ai: np.ndarray, intensity: np.ndarray, task: np.ndarray) -> np.ndarray:
        """Output without error, ``[workers, tasks, periods]``."""
        market, proprietary = self.firms.market[own.firm], self.firms.proprietary[own.firm]
        made = []
        for one in self.states:
            if self.settings.structure == "separate":
                ai = one.effective[:, None, None] * np.where(proprietary[:, None], intensity, 1.0)[None]
            else:
                ai = one.commodity[:, None, None] + one.proprietary[:, None, None] * intensity[None]
            social = one.social_output[task][None, :, :, None] * own.social[:, :, None, None]
            made.append(task_output(one, own.human, ai, task) + social)
        output = made[0] if len(made) == 1 else np.choose(market[None, :, None, None], made)
        return np.where(with_ai[:, None, :], output[1], output[0])

    def _required(self, own: Group) -> np.ndarray:
        """True where the firm requires the credential in the occupation, ``[workers, periods]``."""
        gain = np.array([one.requirement_gain[:, own.occupation] for one in self.states])[self.firms.market[own.firm]]
        after = np.arange(self.settings.periods)[None, :] >= self.firms.start[own.firm][:, None]
        return np.where(after, gain[:, [1]], gain[:, [0]]) > self.firms.requirement[own.firm, own.occupation][:, None]

    def _error(
        self, numbers: Numbers, name: str, own: Group, shape: tuple[int, ...], *, centred: bool = True
    ) -> np.ndarray:
        """Normal errors of a worker's rows; `centred` ones have an exponential of mean 1."""
        spread = float(getattr(self.settings, name))
        if spread == 0:
            return np.zeros(shape)
        each = math.prod(shape[1:])
        error = spread * numbers.normal(name, own.first * each, shape[0] * each).reshape(shape)
        return error - spread**2 / 2 if centred else error

    def _present(self, numbers: Numbers, own: Group, worker: np.ndarray) -> np.ndarray:
        """True where a worker is observed, ``[workers, periods]``."""
        settings, width = self.settings, len(worker)
        periods = settings.periods
        present = np.broadcast_to((worker < settings.n_workers)[:, None], (width, periods)).copy()
        if settings.complete:
            return present
        late = numbers.uniform("entry", own.first, width) < settings.late_entry
        entry = np.where(late, 1 + numbers.choice("entry_period", own.first, width, max(periods - 1, 1)), 0)
        each = own.first * periods
        stays = (numbers.uniform("exit", each, width * periods) >= settings.exit_rate).reshape(width, periods)
        stays[:, 0] = True
        observed = (numbers.uniform("missing", each, width * periods) >= settings.missing).reshape(width, periods)
        return present & (np.arange(periods)[None, :] >= entry[:, None]) & (np.cumprod(stays, axis=1) == 1) & observed


def generator(params: Parameters, scenario: Scenario, settings: PanelSettings) -> Generator:
    """A simulated panel of an economy.

    Args:
        params: Parameters.
        scenario: AI levels before and with AI, and mechanisms.
        settings: The panel.

    Raises:
        EquilibriumError: if there is no equilibrium.
    """
    states = states_of(params, scenario, settings.rent_shares)
    return Generator(settings, states, firms_of(settings, states, N_TASKS))
