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


def critical_mixture(n, d, limit):
    """Two laws of the d_cpt form with numbers by hand: the largest share of the domain that the general loss allows."""

    def general(share):
        e, a, alpha, b, eta, beta, c, eps, gamma = 1.8, 600, 0.36, 500, 0.3, 0.33, 0.1, 0.06, 0.5
        kept = 1 - share
        return e + a * n**-alpha + b * kept**eta * d**-beta + c * (kept + eps) ** -gamma

    low, high = 0.0, 1.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if general(middle) <= limit else (low, middle)
    return low


def granularity(flops, expansion=64, passes=6, routing=14):
    """fine_grained_moe@moe under the FLOP of experts and router: N, D, G and loss."""

    def loss(n, g):
        layers = (n / ((8 * expansion + 4) * 64**2)) ** (1 / 3)
        width = 64 * layers
        d = flops / ((12 * passes * width**2 + routing * expansion * g * width) * layers)
        return 0.47 + (2.1 / g**0.58 + 18.1) / n**0.115 + 30.8 / d**0.147, d

    def cut(n):
        return lowest(lambda g: loss(n, g)[0], 1, 1e4, points=60)

    n = lowest(lambda n: loss(n, cut(n))[0], 1e7, 1e14, points=60)
    value, d = loss(n, cut(n))
    return n, d, cut(n), value


def kept_buckets(n, pool):
    """qqt_union with numbers by hand: the number of buckets, best first, with the lowest error, and that error."""

    def error(count):
        total = 0.0
        for b, tau in [(-0.20, 1.0), (-0.18, 2.0), (-0.14, 4.0)][:count]:
            delta = 0.5 ** (1 / (tau * count))
            total += b * (log(min(n, pool) / 1e5) + sum(
                delta ** (k - 1) * log(max(1.0, min(n / pool, k) / (k - 1))) for k in range(2, 11)))
        return 0.1 + 0.95 * exp(total / count)

    return min((error(count), count) for count in (1, 2, 3))


def distillation(flops, n, teacher_tokens):
    """busbridge_student behind a teacher of busbridge_supervised: teacher, tokens of the student, and its loss."""

    def supervised(size, tokens):
        return 1.220 + (3355 / size**0.408 + 18186 / tokens**0.431) ** 0.452

    def softplus(x):
        return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))

    def student(teacher):
        d = flops / (6 * n + 2 * teacher)
        t = supervised(teacher, teacher_tokens)
        own = (2243 / n**0.321 + 24181 / d**0.637) ** 0.764
        bend = softplus((log(t) - log(supervised(n, d)) - log(1.315)) / 0.090)
        return t + t**-2.549 * exp(-522.6 * 0.090 * bend) * own

    best = lowest(student, 1e7, 1e13)
    return best, flops / (6 * n + 2 * best), student(best)


def attempts(flops, tokens_trained, harm, tokens, checker):
    """olmo_ladder_chain@hellaswag behind a verifier that passes 95 % of right, 10 % of wrong answers: N, K, utility."""
    best = None
    for k in range(1, 101):
        n = flops / (2 * tokens * k) - checker
        if n <= 0:
            break
        task = 11.23 / n**0.20 + 60.37 / tokens_trained**0.26 + 0.50
        p = -0.73 / (1 + exp(-12.74 * (task - 0.77))) + 0.99
        passed = 0.95 * p + 0.1 * (1 - p)
        utility = (0.95 * p - harm * 0.1 * (1 - p)) * (1 - (1 - passed) ** k) / passed
        best = max(best or (utility, k, n), (utility, k, n))
    return best[2], best[1], best[0]


def schedule(steps, peak):
    """multi_power_stages@luo_400m: rates of the last five stages, each in turn between its neighbours, and the loss."""
    l0, a, alpha, b = 2.37474466, 0.65421216, 0.42878731, 523.42464371
    c, beta, gamma = 2.02462735, 0.59350493, 0.63472457
    lengths = [0.8] + [0.04] * 5

    def loss(rates):
        sums = [steps * sum(h * r for h, r in zip(lengths[k:], rates[k:])) for k in range(6)]
        done = [1 - (c * rates[k] ** -gamma * sums[k] + 1) ** -beta for k in range(6)]
        return l0 + a * sums[0] ** -alpha - b * sum((rates[k - 1] - rates[k]) * done[k] for k in range(1, 6))

    best = None
    for last in range(1, 6):
        # The fall begins at stage `last`: before it the rate is the peak.
        rates = [peak] * last + [peak / 3 ** (k + 1) for k in range(6 - last)]
        for _ in range(60):
            for k in range(last, 6):
                low = rates[k + 1] if k < 5 else 1e-8
                rates[k] = lowest(lambda r: loss([*rates[:k], r, *rates[k + 1:]]), low, rates[k - 1], 8, 20)
        best = min(best or (loss(rates), rates[1:]), (loss(rates), rates[1:]))
    return best


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
    print("critical-mixture share", critical_mixture(1.8e9, 2e10, 2.38))
    print("schedule loss, rates", schedule(24000, 3e-4))
    print("granularity N, D, G, loss", granularity(1e21))
    print("filter error, buckets", [kept_buckets(n, 1.28e7) for n in (1e7, 6.4e7, 1.28e8)])
    print("distil-budget teacher N, student D, loss", distillation(1e20, 5e8, 1e11))
    print("verifier-budget N, K, utility", attempts(1e13, 1e12, 0.5, 500, 1e9))


if __name__ == "__main__":
    main()
