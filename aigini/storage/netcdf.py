"""Arrays on disk, as NetCDF.

Arrays of figures are NetCDF-3, which SciPy reads and writes. Posteriors are NetCDF-4 with the groups and names of
ArviZ's InferenceData schema, so that ArviZ opens them; this takes packages that come with an extra.
"""

import dataclasses
import importlib
import importlib.metadata
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.io import netcdf_file

from aigini.errors import MissingExtraError, OutputError, missing_extra

if TYPE_CHECKING:
    import xarray

PRIOR = "prior"
"""Groups whose names begin so may hold NaN: not every economy drawn from a prior has an outcome."""
UNSAMPLED = ("observed_data", "constant_data")
"""Groups without draws."""
SAMPLE = ("chain", "draw")
"""First dimensions of all arrays in the other groups."""

_ENGINE = "h5netcdf"


@dataclasses.dataclass(frozen=True)
class Described:
    """Words and values beside arrays, so that a file explains itself.

    Attributes:
        dimensions: Names of the dimensions of an array by its name; ``NAME_0`` and so on where none are given.
        units: Unit of an array by its name.
        coordinates: Values along a dimension, and their unit.
        labels: Words along a dimension.
    """

    dimensions: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)
    coordinates: Mapping[str, tuple[np.ndarray, str]] = dataclasses.field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def array_writer(
    groups: Mapping[str, Mapping[str, np.ndarray]],
    attributes: Mapping[str, str] | None = None,
    described: Described | None = None,
) -> Callable[[Path], object]:
    """A function that writes arrays with attributes into the file that it is given, as NetCDF-3.

    The variable of array ``name`` in ``group`` is ``group_name``; coordinates are variables of the name of their
    dimension, and words along a dimension the attribute ``DIMENSION_labels`` of an array.
    """
    about = described or Described()

    def write(path: Path) -> None:
        # Written in memory first: a NetCDF file that fails to be closed on a full disk fails again when it is dropped.
        buffer = io.BytesIO()
        with netcdf_file(buffer, "w") as file:
            for name, value in (attributes or {}).items():
                setattr(file, name, value)
            for group, arrays in groups.items():
                for name, array in arrays.items():
                    own = tuple(f"{name}_{axis}" for axis in range(array.ndim))
                    names = about.dimensions.get(name, own)
                    # A dimension has one size in a file; arrays that differ in it have dimensions of their own.
                    if len(names) != array.ndim or any(
                        file.dimensions.get(dimension, size) != size
                        for dimension, size in zip(names, array.shape, strict=True)
                    ):
                        names = own
                    for dimension, size in zip(names, array.shape, strict=True):
                        if dimension not in file.dimensions:
                            file.createDimension(dimension, size)
                    variable = file.createVariable(f"{group}_{name}", "d", names)
                    variable.data[...] = array
                    if name in about.units:
                        variable.units = about.units[name]
                    for dimension in set(names) & set(about.labels):
                        setattr(variable, f"{dimension}_labels", ", ".join(about.labels[dimension]))
            for dimension, (values, unit) in about.coordinates.items():
                if file.dimensions.get(dimension) == len(values):
                    variable = file.createVariable(dimension, "d", (dimension,))
                    variable.data[...] = values
                    variable.units = unit
            file.flush()
            path.write_bytes(buffer.getvalue())

    return write


def read_arrays(path: Path) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, str]]:
    """Read what `array_writer` wrote: arrays by group and name, without coordinates, and attributes by name."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    with netcdf_file(str(path), "r", mmap=False) as file:
        for full, variable in file.variables.items():
            if full in file.dimensions:
                continue
            group, _, name = full.partition("_")
            groups.setdefault(group, {})[name] = np.array(variable.data, float)
        attributes = {name: _text(value) for name, value in file._attributes.items()}
    return groups, attributes


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def build_tree(
    groups: Mapping[str, Mapping[str, np.ndarray]],
    *,
    dims: Mapping[str, Sequence[str]] | None = None,
    coords: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> "xarray.DataTree":
    """Arrays by group and name as an xarray tree.

    Args:
        groups: Arrays by group and name; ``[chains, draws, ...]``, but without these two in `UNSAMPLED`.
        dims: Names of the dimensions of a variable, those of chains and draws left out; where not given,
            ``NAME_dim_0`` and so on.
        coords: Labels along dimensions.
        attrs: Attributes of the tree; what is not text or a number is written as JSON. Who made it is added.

    Returns:
        The tree. Where an array of a prior holds NaN, its attribute ``undefined`` says how often.

    Raises:
        ValueError: if an array is not of the shape that its group, `dims` and `coords` say, holds NaN outside the
            groups of the prior, or an attribute cannot be written as JSON.
        MissingExtraError: if xarray is not installed.
    """
    try:
        import xarray
    except ImportError:
        raise _missing() from None
    labels = {name: np.asarray(values) for name, values in (coords or {}).items()}
    datasets = {}
    for group, arrays in groups.items():
        variables: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, int]]] = {}
        sizes: dict[str, int] = {name: len(values) for name, values in labels.items()}
        for name, values in arrays.items():
            array = np.asarray(values)
            where = f"{group}/{name}"
            lead = () if group in UNSAMPLED else SAMPLE
            extra = max(array.ndim - len(lead), 0)
            names = (*lead, *((dims or {}).get(name) or [f"{name}_dim_{axis}" for axis in range(extra)]))
            if len(names) != array.ndim:
                raise ValueError(f"{where} has shape {array.shape}, but its dimensions are {', '.join(names)}.")
            for dim, size in zip(names, array.shape, strict=True):
                if sizes.setdefault(dim, size) != size:
                    raise ValueError(f"{where} has {size} entries along {dim}, expected {sizes[dim]}; check its shape.")
            undefined = int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0
            if undefined and not group.startswith(PRIOR):
                at = ", ".join(str(i) for i in np.argwhere(np.isnan(array))[0])
                raise ValueError(f"{where}[{at}] is not a number; leave the variable out, or mark what is undefined.")
            variables[name] = (names, array, {"undefined": undefined} if undefined else {})
        used = {dim for names, *_ in variables.values() for dim in names}
        own = {dim: labels[dim] if dim in labels else np.arange(sizes[dim]) for dim in sorted(used)}
        datasets[f"/{group}"] = xarray.Dataset(variables, coords=own)
    version = importlib.metadata.version("aigini")
    plain = {name: _attribute(name, value) for name, value in (attrs or {}).items()}
    made = {"created_by": f"aigini {version}", "creation_library": "aigini", "creation_library_version": version}
    return xarray.DataTree.from_dict({"/": xarray.Dataset(attrs=made | plain), **datasets})


def _attribute(name: str, value: Any) -> str | int | float:
    if isinstance(value, str) or (isinstance(value, (int, float)) and type(value) is not bool and np.isfinite(value)):
        return value
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"attribute {name} cannot be written as JSON ({error}); give plain, finite values.") from None


def tree_writer(tree: "xarray.DataTree") -> Callable[[Path], object]:
    """A function that writes a tree into the file that it is given, for `aigini.runtime.atomic.replace_files`.

    Raises:
        MissingExtraError: if h5netcdf is not installed.
    """
    _require_engine()
    encoding = {
        node.path: {
            str(name): {"fletcher32": True}
            for name, variable in node.data_vars.items()
            if variable.ndim and variable.size and variable.dtype.kind in "biuf"
        }
        for node in tree.subtree
        if node.data_vars
    }
    # Written in memory first: on a full disk HDF5 ends the process with a segmentation fault.
    content = tree.to_netcdf(None, engine=_ENGINE, encoding=encoding)
    return lambda path: path.write_bytes(content)


def read_tree(path: Path) -> "xarray.DataTree":
    """Read a tree that `tree_writer` wrote, into memory.

    Raises:
        OutputError: if there is no such file, it is damaged, or it holds no posterior.
        MissingExtraError: if xarray or h5netcdf is not installed.
    """
    _require_engine()
    import xarray

    if not path.is_file():
        raise OutputError(f"{path}: there is no such file; run the command that writes it.")
    try:
        with xarray.open_datatree(path, engine=_ENGINE) as file:
            tree = file.load()
    # A damaged file can fail anywhere in HDF5, h5netcdf or xarray, with whatever they raise.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise OutputError(
            f"{path}: is not a readable posterior ({reason}); run the command that writes it again."
        ) from None
    if "posterior" not in tree.children:
        raise OutputError(f"{path}: has no group called posterior; give a file that holds a posterior.")
    return tree


def _require_engine() -> None:
    try:
        # h5netcdf is installed without a backend.
        for package in ("xarray", _ENGINE, "h5py"):
            importlib.import_module(package)
    except ImportError:
        raise _missing() from None


def _missing() -> MissingExtraError:
    return missing_extra("Keeping a posterior on disk", "xarray, h5netcdf and h5py")
