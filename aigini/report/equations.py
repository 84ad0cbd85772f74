"""The economy in equations for a browser. They are those of aigini/MODEL.md."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Equation:
    """An equation with its meaning.

    Attributes:
        words: The meaning, in a sentence.
        latex: The equation.
    """

    words: str
    latex: str

    @property
    def mathml(self) -> str:
        """The equation as MathML, which browsers show without a script."""
        from latex2mathml.converter import convert

        return convert(self.latex, display="block")


EQUATIONS = (
    Equation(
        "A worker with human capital h produces on a task: AI scales the human part and adds a floor that does not"
        " depend on skill.",
        r"y(h, a; z) = h\,\varphi(z)\,(1 + \beta A m) + \alpha\,m\,a",
    ),
    Equation(
        "Tasks are combined with the constant elasticity of substitution σ.",
        r"Y = Y_0 \left[ \sum_z \mathrm{share}_z\, x_z^{(\sigma - 1)/\sigma} \right]^{\sigma/(\sigma - 1)},"
        r" \quad x_z = Y_z / Y_{0,z}",
    ),
    Equation(
        "Wages are the value of human capital as it is assessed, the whole product of commodity AI, and the share ξ of"
        " the firm's quasi-rents.",
        r"w_i = R_{h,o}\,\hat{h}_i + \eta_0 A R_{A,o} + \xi\,(q_0 + \eta_1 A R_{A,o})\,\kappa_{j(i)}",
    ),
    Equation(
        "Owners have the rest of quasi-rents, in proportion to what they own: d of it of the whole market, the rest of"
        " one firm.",
        r"r_i = (1 - \xi)\, q\, s_i\, [\,d + (1 - d)\,\kappa_{b(i)}\,]",
    ),
    Equation(
        "Owners reinvest the proprietary rents that AI creates, so that firms ahead of the mean pull further ahead.",
        r"\log\, k_{j,t+1} = \left(1 - \mu + \chi (1 - \xi)\, q_A\right) \,\log\, k_{j,t} + \nu\,\varepsilon_{j,t}",
    ),
)
