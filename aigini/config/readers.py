"""Which command reads which sections of a configuration.

What is wrong with a section in itself (an unknown key, a number out of range) is a mistake for every command. Sections
that do not fit together are one only for the commands that read them: `simulate` does not ask whether there are as many
targets as free parameters.
"""

from typing import Literal

Topic = Literal["estimation", "posterior", "alternatives"]
Command = Literal[
    "simulate",
    "bench",
    "calibrate",
    "reproduce",
    "sensitivity",
    "sign",
    "regimes",
    "channels",
    "policy",
    "posterior",
    "beliefs",
]

TOPICS: dict[Command, tuple[Topic, ...]] = {
    "simulate": (),
    "bench": (),
    "calibrate": ("estimation",),
    "reproduce": ("estimation",),
    "sensitivity": ("estimation",),
    "sign": ("estimation",),
    "regimes": ("estimation",),
    "channels": ("estimation",),
    "policy": ("estimation",),
    "posterior": ("estimation", "posterior"),
    "beliefs": ("estimation", "posterior", "alternatives"),
}
"""What each command needs to fit together."""
