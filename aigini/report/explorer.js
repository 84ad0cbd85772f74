"use strict";
/* The surrogate and the law of the long run, evaluated as aigini does. tests/test_explore.py compares every function with
   golden values of the economy and of aigini.dynamics. Nothing here draws. */
const AIGINI = (() => {
  /* Group of numbers: degrees by term and variable, coefficients by term and number. */
  function unpacked(group) {
    const bytes = Uint8Array.from(atob(group.packed), (letter) => letter.charCodeAt(0));
    const values = new DataView(bytes.buffer);
    const coefficients = Float64Array.from({ length: bytes.length / 4 }, (_, k) => values.getFloat32(4 * k, true));
    const degrees = group.terms.map((term) => Array.from(term, Number));
    return { names: group.names, variables: group.variables, degrees, coefficients };
  }

  /* aigini.explore.sliders.coordinates */
  function coordinates(point, shift) {
    const [alpha, xi, share, assetGini, abilitySd, adoption, retooling] = point;
    const reach = alpha * adoption;
    return [reach, Math.log(shift + xi), share * reach, assetGini, abilitySd, adoption, retooling];
  }

  function chebyshev(x, degree) {
    const values = [1, x];
    for (let k = 2; k <= degree; k += 1) values.push(2 * x * values[k - 1] - values[k - 2]);
    return values;
  }

  class Surrogate {
    constructor(data) {
      this.shift = data.shift;
      this.groups = data.groups.map(unpacked);
      const lower = coordinates(data.sliders.map((slider) => slider.lower), this.shift);
      const upper = coordinates(data.sliders.map((slider) => slider.upper), this.shift);
      this.ends = lower.map((low, k) => [low, upper[k]]);
      this.degree = Math.max(...this.groups.flatMap((group) => group.degrees.map((row) => Math.max(0, ...row))));
    }

    scaled(point) {
      return coordinates(point, this.shift).map((at, k) => {
        const [low, high] = this.ends[k];
        return (2 * at - low - high) / (high - low);
      });
    }

    /* Numbers by name at a point; only those of groups that have one of `wanted`, if it is given. */
    at(point, wanted) {
      const table = this.scaled(point).map((x) => chebyshev(x, this.degree));
      const numbers = {};
      for (const group of this.groups) {
        if (wanted && !wanted.some((name) => group.names.includes(name))) continue;
        const count = group.names.length;
        const sums = new Float64Array(count);
        group.degrees.forEach((row, term) => {
          let weight = 1;
          row.forEach((degree, k) => { weight *= table[group.variables[k]][degree]; });
          const first = term * count;
          for (let k = 0; k < count; k += 1) sums[k] += weight * group.coefficients[first + k];
        });
        group.names.forEach((name, k) => { numbers[name] = sums[k]; });
      }
      return numbers;
    }

    /* The sum of some numbers over the plane of ξ and the proprietary share, the other sliders as at a point:
       [xi][share]. The other coordinates are summed out first. */
    plane(point, names, xis, shares) {
      const grid = xis.map(() => new Float64Array(shares.length));
      const table = this.scaled(point).map((x) => chebyshev(x, this.degree));
      const along = (slider, coordinate, values) => values.map((value) => {
        const moved = point.slice();
        moved[slider] = value;
        return chebyshev(this.scaled(moved)[coordinate], this.degree);
      });
      const [first, second] = [along(1, 1, xis), along(2, 2, shares)];
      for (const group of this.groups) {
        const columns = names.map((name) => group.names.indexOf(name)).filter((k) => k >= 0);
        if (!columns.length) continue;
        const [atXi, atShare] = [1, 2].map((coordinate) => group.variables.indexOf(coordinate));
        const size = this.degree + 1;
        const reduced = new Float64Array(size * size);
        group.degrees.forEach((row, term) => {
          let weight = 0;
          for (const k of columns) weight += group.coefficients[term * group.names.length + k];
          row.forEach((degree, k) => {
            if (k !== atXi && k !== atShare) weight *= table[group.variables[k]][degree];
          });
          reduced[(row[atXi] || 0) * size + (row[atShare] || 0)] += weight;
        });
        first.forEach((one, i) => second.forEach((other, j) => {
          let sum = 0;
          for (let k = 0; k < size; k += 1) {
            for (let m = 0; k + m < size; m += 1) sum += one[k] * other[m] * reduced[k * size + m];
          }
          grid[i][j] += sum;
        }));
      }
      return grid;
    }
  }

  /* Segments on which a function on a grid is zero, by linear interpolation on the edges of its cells. */
  function zeros(grid, xs, ys) {
    const segments = [];
    const between = (a, b, va, vb) => a + (b - a) * (va / (va - vb));
    for (let i = 0; i + 1 < xs.length; i += 1) {
      for (let j = 0; j + 1 < ys.length; j += 1) {
        const [a, b, c, d] = [grid[i][j], grid[i + 1][j], grid[i + 1][j + 1], grid[i][j + 1]];
        const points = [];
        if ((a > 0) !== (b > 0)) points.push([between(xs[i], xs[i + 1], a, b), ys[j]]);
        if ((b > 0) !== (c > 0)) points.push([xs[i + 1], between(ys[j], ys[j + 1], b, c)]);
        if ((d > 0) !== (c > 0)) points.push([between(xs[i], xs[i + 1], d, c), ys[j + 1]]);
        if ((a > 0) !== (d > 0)) points.push([xs[i], between(ys[j], ys[j + 1], a, d)]);
        for (let k = 0; k + 1 < points.length; k += 2) segments.push([points[k], points[k + 1]]);
      }
    }
    return segments;
  }

  /* erf by a series of positive terms; its relative error is of the order of rounding. */
  function erf(x) {
    if (Math.abs(x) > 6) return Math.sign(x);
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n += 1) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }

  function erfinv(y) {
    const log = Math.log(1 - y * y);
    const half = 2 / (Math.PI * 0.147) + log / 2;
    let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
    for (let k = 0; k < 4; k += 1) x -= (erf(x) - y) * (Math.sqrt(Math.PI) / 2) * Math.exp(x * x);
    return x;
  }

  /* aigini.dynamics.mean_field.AssetLaw. `law` has xi, bargaining_erosion, erosion_midpoint, erosion_width,
     erosion_gap_weight, asset_reversion, asset_sd and psi. */
  const assetGini = (law, variance) => erf((law.psi * Math.sqrt(variance)) / 2);
  function erosion(law, variance, gap) {
    const strain = assetGini(law, variance) + law.erosion_gap_weight * gap - law.erosion_midpoint;
    return 1 / (1 + Math.exp(-strain / law.erosion_width));
  }
  const bargaining = (law, variance, gap = 0) => law.xi * (1 - law.bargaining_erosion * erosion(law, variance, gap));
  const innovation = (law) => law.asset_sd ** 2 * (1 - (1 - law.asset_reversion) ** 2);
  const multiple = (law, variance, growth, gap = 0) =>
    1 - law.asset_reversion + growth * (1 - bargaining(law, variance, gap));
  const following = (law, variance, growth, gap = 0) =>
    multiple(law, variance, growth, gap) ** 2 * variance + innovation(law);

  /* F'(V) */
  function multiplier(law, variance, growth) {
    const rho = multiple(law, variance, growth);
    const s = erosion(law, variance, 0);
    const steepness = (growth * law.xi * law.bargaining_erosion) / law.erosion_width;
    const slope = (law.psi * Math.sqrt(variance) * Math.exp((-(law.psi ** 2) * variance) / 4)) / (2 * Math.sqrt(Math.PI));
    return rho ** 2 + 2 * rho * steepness * s * (1 - s) * slope;
  }

  /* Fixed points of V' = F(V) up to `upper`: changes of sign between 2,000 variances, each bisected. */
  function fixedPoints(law, growth, upper = 400) {
    const distance = (variance) => following(law, variance, growth) - variance;
    const lowest = law.asset_sd ** 2 / 2;
    const count = 2000;
    const points = [];
    let [before, at] = [distance(lowest), lowest];
    for (let k = 1; k <= count; k += 1) {
      const next = lowest * (upper / lowest) ** (k / count);
      const after = distance(next);
      if ((before > 0) !== (after > 0)) {
        let [low, high] = [at, next];
        for (let step = 0; step < 60; step += 1) {
          const middle = (low + high) / 2;
          if ((distance(middle) > 0) === (before > 0)) low = middle; else high = middle;
        }
        points.push((low + high) / 2);
      }
      [before, at] = [after, next];
    }
    const stable = points.map((variance) => Math.abs(multiplier(law, variance, growth)) < 1);
    const first = stable.indexOf(true);
    const last = stable.lastIndexOf(true);
    return points.map((variance, k) => ({
      variance,
      multiplier: multiplier(law, variance, growth),
      stable: stable[k],
      assetGini: assetGini(law, variance),
      bargaining: bargaining(law, variance),
      name: !stable[k] ? "unstable" : first === last ? "stable" : k === last ? "asset-dominated"
        : k === first ? "labour-strong" : "stable",
    }));
  }

  const logistic = (level, midpoint, speed, years) =>
    Array.from({ length: years + 1 }, (_, t) => level / (1 + Math.exp(-speed * (t - midpoint))));

  /* aigini.dynamics.mean_field.mean_field_path from V = σ_K², nobody having retooled. */
  function meanFieldPath(law, growth, adoption, speed) {
    let [variance, retooled] = [law.asset_sd ** 2, 0];
    return adoption.map((deployed, t) => {
      const gap = deployed - retooled;
      const now = { variance, retooled, gap, bargaining: bargaining(law, variance, gap), assetGini: assetGini(law, variance) };
      variance = following(law, variance, growth[t], gap);
      retooled += speed * gap;
      return now;
    });
  }

  /* Where a path goes after its last year, with adoption and growth as they are then: a variance, or infinity. */
  function settled(law, growth, adoption, last, speed) {
    let { variance, retooled } = last;
    for (let year = 0; year < 20000; year += 1) {
      const gap = adoption - retooled;
      const next = following(law, variance, growth, gap);
      if (next > 1e4) return Infinity;
      if (Math.abs(next - variance) < 1e-12 * variance && Math.abs(gap) < 1e-9) return next;
      variance = next;
      retooled += speed * gap;
    }
    return variance;
  }

  return {
    Surrogate, zeros, erf, erfinv, assetGini, bargaining, multiple, following, multiplier, fixedPoints, logistic,
    meanFieldPath, settled,
  };
})();
if (typeof module !== "undefined") module.exports = AIGINI;
