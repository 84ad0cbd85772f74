"""The table [design]: its settings and its mistakes."""

from aigini.config.schema import FileSchema
from aigini.panel.design.settings import ASSUMED, DesignSettings, Size, setting_problems


def own_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of [design] in itself."""
    return setting_problems(settings(file))


def settings(file: FileSchema) -> DesignSettings:
    """The study that is asked for."""
    section = file.design
    eta1 = sorted(section.regime_eta1)
    xi = section.regime_xi
    if xi is not None and eta1 != section.regime_eta1:
        xi = xi[::-1]
    return DesignSettings(
        size=Size(section.firms, section.workers, section.tasks, section.periods),
        occupations=section.occupations,
        cohorts=section.cohorts,
        firms=tuple(section.firms_tried),
        workers=tuple(section.workers_tried),
        tasks=tuple(section.tasks_tried),
        periods=tuple(section.periods_tried),
        effects=tuple(section.effects_tried),
        selection=tuple(section.selection_tried),
        selected_on=section.selected_on,
        replications=section.replications,
        seed=section.seed,
        structure_shares=(min(section.structure_shares), max(section.structure_shares)),
        rent_shares=(min(section.rent_shares), max(section.rent_shares)),
        partial_compliance=section.partial_compliance,
        regime_eta1=(eta1[0], eta1[1]),
        regime_xi=None if xi is None else (xi[0], xi[1]),
        assumed={name: getattr(section, name) for name in ASSUMED},
    )
