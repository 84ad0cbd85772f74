"""The table [panel]: its settings and its mistakes."""

from aigini.config.schema import FileSchema
from aigini.economy.tasks import N_TASKS
from aigini.panel.settings import NUMBERS, PanelSettings, setting_problems


def own_problems(file: FileSchema) -> list[str]:
    """Sentences about mistakes of [panel] in itself."""
    return setting_problems(settings(file), N_TASKS, file.model.technology)


def settings(file: FileSchema) -> PanelSettings:
    """The panel that is asked for."""
    section = file.panel
    return PanelSettings(
        **{name: getattr(section, name) for name in NUMBERS},
        selection=section.selection,
        structure=section.structure,
        rent_shares=tuple(section.rent_shares),
        form=section.form,
    )
