"""The four hypotheses of the paper as tests on a panel of workers, tasks and periods.

* H1: within tasks that AI reaches, the dispersion of output falls, and workers of low ability gain most.
* H2: the return to schooling that can be codified falls, that to other schooling does not.
* H3: credentials are required more often, the more so the more AI lowers the diagnostic variance of work samples.
* H4: wages of firms drift apart where AI is proprietary, the more so the more of the rents workers receive.

All are differences in differences of statistics of the workers of cohorts of firms
(`aigini.panel.estimators.pseudo_values`), whose cohorts adopt AI at different dates, by group-time effects against
firms that never adopt, or against those that have not yet where none never does.
"""

from collections.abc import Sequence

from aigini.panel.data import Panel
from aigini.panel.estimators.between_firms import between_firm_dispersion
from aigini.panel.estimators.credentials import credential_requirements
from aigini.panel.estimators.hypothesis import HypothesisTest
from aigini.panel.estimators.schooling import schooling_returns
from aigini.panel.estimators.within_task import within_task_dispersion

HYPOTHESES = {
    "H1": within_task_dispersion,
    "H2": schooling_returns,
    "H3": credential_requirements,
    "H4": between_firm_dispersion,
}
"""The test of each hypothesis."""


def hypothesis_tests(panel: Panel, hypotheses: Sequence[str] = ("H1", "H2", "H3", "H4")) -> list[HypothesisTest]:
    """Tests of several hypotheses on one panel.

    Raises:
        DataError: if the panel lacks a column that one of them needs, or there is no effect to estimate.
    """
    return [HYPOTHESES[name](panel) for name in hypotheses]
