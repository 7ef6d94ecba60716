"""What samplers draw from a Gaussian N(1, T/k) at several step sizes, beside what they should: a table.

    OMP_NUM_THREADS=1 python benchmarks/bench_samplers.py [--temperature 1 --curvature 2 --chains 50000 --steps 600]

Chains start at 0 and are read once, after their last step, so that they are independent: the errors of the mean and of
the variance are sd / sqrt(chains) and var sqrt(2 / chains). V is the variance of the gradients' noise. ``exact`` is
what the step has in closed form; BEAT's released step has none, and at its published rate it barely leaves 0.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kinesec.defences.robust._samplers import build, normal
from kinesec.models.device import use_threads

MEAN = 1.0
Moment = Callable[[float, float, float, float, float], float]


def sgld(h: float, _: float, k: float, t: float, v: float) -> float:
    """Var x of SGLD, and of gradient descent at T = 0."""
    return (2 * t + h * v) / (k * (2 - h * k))


def sghmc(eta: float, a: float, k: float, t: float, v: float) -> float:
    """Var x of SGHMC in Chen's order."""
    return (2 - a) * (t + eta * v / (2 * a)) / (k * (2 - a - eta * k / 2))


def baoab(h: float, gamma: float, k: float, t: float, v: float) -> float:
    """Var x of BAOAB with one gradient a step."""
    c = math.exp(-gamma * h)
    return t / k + h * h * (1 + c) * v / (k * (1 - c) * (4 - h * h * k))


EXACT: dict[str, Moment] = {
    "sgld": sgld,
    "sgd": lambda h, a, k, t, v: sgld(h, a, k, 0, v),
    "sghmc": sghmc,
    "baoab": baoab,
}
# shares of the largest stable rate, by sampler, with frictions
SHARES = (0.02, 0.1, 0.4)
FRICTIONS: dict[str, tuple[float | None, ...]] = {
    "sgd": (None,),
    "sgld": (None,),
    "sghmc": (0.1, 0.5),
    "baoab": (1.0, 3.0),
}


def largest(name: str, friction: float | None, k: float) -> float:
    """The rate from which a sampler is unstable."""
    if name == "sghmc":
        return 2 * (2 - (friction or 0)) / k
    return 2 / math.sqrt(k) if name == "baoab" else 2 / k


def drawn(name: str, given: dict[str, Any], k: float, v: float, chains: int, steps: int) -> Tensor:
    """Where chains (chain,) end."""
    draws, batches = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    sampler = build(name, given)
    x = torch.zeros(chains)
    momenta = sampler.start(x)

    def gradient(_: Any) -> Tensor:
        slope = k * (x - MEAN)
        return slope + math.sqrt(v) * normal(x, batches) if v else slope

    for _ in range(steps):
        sampler.step(x, momenta, gradient, draws)
    return x.double()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--temperature", type=float, default=1.0, help="T of the target, whose variance is T/k")
    parser.add_argument("--curvature", type=float, default=2.0, help="k of the target")
    parser.add_argument("--chains", type=int, default=50_000, help="how many chains run side by side")
    parser.add_argument("--steps", type=int, default=600, help="how many steps each makes before it is read")
    chosen = parser.parse_args()
    use_threads(1)
    k, t = chosen.curvature, chosen.temperature
    print(f"{'sampler':<9}{'rate':>8}{'friction':>9}{'V':>4}{'mean':>18}{'variance':>20}{'exact':>9}{'T/k':>8}")

    def row(name: str, rate: float, friction: float | None, v: float, kelvin: float) -> None:
        given: dict[str, Any] = {"rate": rate}
        given |= {} if name == "sgd" else {"temperature": kelvin}
        given |= {} if friction is None else {"friction": friction}
        x = drawn(name, given, k, v, chosen.chains, chosen.steps)
        variance, mean = float(x.var()), float(x.mean())
        errors = math.sqrt(variance / chosen.chains), variance * math.sqrt(2 / chosen.chains)
        exact = f"{EXACT[name](rate, friction or 0, k, kelvin, v):.4f}" if name in EXACT else "-"
        about = "-" if friction is None else f"{friction:g}"
        spread = f"{variance:.4f} ± {errors[1]:.4f}" if variance > 1e-3 or not variance else f"{variance:.1e}"
        print(f"{name:<9}{rate:>8.3g}{about:>9}{v:>4g}{f'{mean:.4f} ± {errors[0]:.4f}':>18}", end="")
        print(f"{spread:>20}{exact:>9}{kelvin / k:>8.2g}")

    for name, frictions in FRICTIONS.items():
        for friction in frictions:
            for share in SHARES:
                for v in (0.0, 10.0):
                    row(name, share * largest(name, friction, k), friction, v, t)
    for rate in (0.001, 0.03):
        for v in (0.0, 10.0):
            row("official", rate, 1.0, v, 1e-5)


if __name__ == "__main__":
    main()
