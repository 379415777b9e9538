"""Optima of named plans without a closed form, by a dense search of their own: nothing of isoflop is used.

Coefficients are those of the law files named. Run with any Python 3; the numbers printed are the golden values of the
plan files of the same names.
"""

from math import exp, log, log1p


def lowest(f, low, high, rounds=12, points=400):
    """Where f is lowest between low and high: grids in the logarithm, each inside the last."""
    a, b = log(low), log(high)
    for _ in range(rounds):
        xs = [a + (b - a) * i / points for i in range(points + 1)]
        best = min(range(points + 1), key=lambda i: f(exp(xs[i])))
        a, b = xs[max(best - 2, 0)], xs[min(best + 2, points)]
    return exp(0.5 * (a + b))


def decay_fraction(steps, peak, momentum, a, alpha, c):
    """tissue@refit_400m on a constant rate with a linear decay over the last share of the run."""

    def loss(share):
        n = share * steps
        s1 = peak * steps * (1 - share / 2)
        s2 = peak / (n * (1 - momentum)) * (n - momentum * (1 - momentum**n) / (1 - momentum))
        return a * s1**-alpha - c * s2

    return lowest(loss, 1e-3, 1.0)


def by_steps(steps, peak, momentum, share):
    """S1 and S2 of such a schedule, added up step by step: the sums that the formulas above stand for."""
    decay = round(share * steps)
    rates = [peak] * (steps - decay) + [peak * (1 - (i + 1) / decay) for i in range(decay)]
    s1 = s2 = m = 0.0
    last = peak
    for rate in rates:
        m = momentum * m + (last - rate)
        s1, s2, last = s1 + rate, s2 + m, rate
    return s1, s2


def shape(flops):
    """gemstones_shape@hot with N = 12 depth width^2 and D = flops / (6 N): width, depth and loss."""
    e, w, aw, h, ad = exp(0.39246), exp(1.45201), 0.24469, exp(-0.0781), 0.38715
    a, an, b, at = exp(7.97003), 0.50008, exp(10.05943), 0.47611

    def loss(width, depth):
        n = 12 * depth * width**2
        return e + w * width**-aw + h * depth**-ad + a * n**-an + b * (flops / (6 * n)) ** -at

    def depth_of(width):
        return lowest(lambda depth: loss(width, depth), 0.1, 1e4)

    width = lowest(lambda width: loss(width, depth_of(width)), 64, 1e5, rounds=6, points=60)
    return width, depth_of(width), loss(width, depth_of(width))


def teacher(n, d):
    """busbridge_student: loss of the teacher that makes the best student of n parameters on d tokens."""
    supervised = 1.220 + (3355 / n**0.408 + 18186 / d**0.431) ** 0.452
    own = (2243 / n**0.321 + 24181 / d**0.637) ** 0.764

    def softplus(x):
        return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))

    def student(t):
        return t + t**-2.549 * exp(-522.6 * 0.090 * softplus((log(t) - log(supervised) - log(1.315)) / 0.090)) * own

    best = lowest(student, 1.0, 5.0)
    return best, student(best)


def retrieval(context, document, shot, i_doc, i_shot):
    """lcrag_allocation with one round of generation: documents and examples that fill the context best."""

    def score(docs):
        shots = (context - docs * document) / shot
        x = (0.325 - 0.067 * i_doc) * log(docs + 0.01) + (0.101 - 0.008 * i_shot) * log(shots + 0.01)
        return -x

    docs = lowest(score, 1e-3, 0.999999 * context / document)
    return docs, (context - docs * document) / shot


def ladder(target, a, big_a, alpha, big_b, beta, m, b):
    """olmo_ladder_chain: the cheapest N, D of an accuracy, by the closed form for a sum of two powers."""
    share = (target - b) / a
    rest = log(share / (1 - share)) - m
    g = (alpha * big_a / (beta * big_b)) ** (1 / (alpha + beta))
    x, y = beta / (alpha + beta), alpha / (alpha + beta)
    gamma = alpha * beta / (alpha + beta)
    c = ((big_a * g**-alpha + big_b * g**beta) / rest) ** (1 / gamma)
    return g * c**x, c**y / g, 6 * c


def main():
    share = decay_fraction(24000, 3e-4, 0.999, 0.6536, 0.4205, 0.5700)
    print("decay-fraction fraction", share)
    n = share * 24000
    print("  sums in closed form", 3e-4 * 24000 * (1 - share / 2),
          3e-4 / (n * 0.001) * (n - 0.999 * (1 - 0.999**n) / 0.001), "step by step", by_steps(24000, 3e-4, 0.999, share))
    print("width-and-depth", shape(1e21))
    print("teacher L_T, loss", teacher(546e6, 20 * 546e6))
    print("retrieval docs, shots", retrieval(128000, 1000, 500, 1.0, 0.5))
    hellaswag = (-0.73, 12.74 * 11.23, 0.20, 12.74 * 60.37, 0.26, 12.74 * (0.50 - 0.77), 0.99)
    print("benchmark-target N, D, FLOP", ladder(0.8, *hellaswag))


if __name__ == "__main__":
    main()
