"""Cells of text as numbers. Commas are taken for thousands separators only where they can be nothing else."""

from aigini.oews.frames import Series, pandas

_FRACTION = r"(?:\.[0-9]{0,30})?"
_EXPONENT = r"(?:[eE][+-]?[0-9]{1,3})?"
_PLAIN = rf"[+-]?(?:[0-9]{{1,18}}{_FRACTION}|\.[0-9]{{1,30}}){_EXPONENT}"
_GROUPED = rf"[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,5}}{_FRACTION}"
_MEANT = r"[+-]?[\d.,' ]*\d[\d.,' ]*%?"


def numbers(text: Series, *, thousands: bool) -> Series:
    """Numbers in cells of text; NaN in a cell that is none, such as an empty one, ``inf`` or ``5,5,5``.

    Args:
        text: Cells.
        thousands: True where commas may separate thousands, as in ``1,234,567``.
    """
    written = text.fillna("").astype(str)
    good = written.str.fullmatch(rf"{_PLAIN}|{_GROUPED}" if thousands else _PLAIN)
    return pandas().to_numeric(written.where(good).str.replace(",", "", regex=False), errors="coerce").astype(float)


def meant_as_numbers(text: Series) -> Series:
    """True in cells of digits and separators, which stand for numbers even where `numbers` cannot tell which."""
    return text.str.fullmatch(_MEANT)
