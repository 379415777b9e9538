"""Reference posterior by numpyro, into expected.json, for a small simulated table that this script makes (table.csv).

    pip install numpyro==0.22.0 arviz-stats==0.8.0
    python make.py            # minutes

The model is the one of `isoflop fit --interval nuts`: log loss is Student around log(E + A / N^alpha + B / D^beta); its
scale has the prior 1 / scale, its degrees of freedom above 1 have gamma(2, rate 0.1); A, B and E are log-normal around
the scales of the law file with a spread of 3 in the logarithm, alpha and beta uniform between their bounds, but for
alpha, which has a prior as a user would give it: normal(0.35, 0.05).
"""

import json
import os
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from arviz_stats.base import array_stats
from numpyro.infer import MCMC, NUTS

HERE = Path(__file__).parent
TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
CHAINS, WARMUP, DRAWS = 4, 2000, 10000


def table():
    """48 runs: eight sizes, six lengths, noise of 0.5 % that is Student with 4 degrees of freedom."""
    rng = np.random.default_rng(20)
    size, length = np.meshgrid(np.geomspace(3e7, 3e9, 8), np.geomspace(5e8, 5e10, 6), indexing="ij")
    n, d = size.ravel(), length.ravel()
    exact = TRUTH["E"] + TRUTH["A"] / n ** TRUTH["alpha"] + TRUTH["B"] / d ** TRUTH["beta"]
    loss = exact * np.exp(0.005 * rng.standard_t(4, n.size))
    lines = [f"{a:.0f},{b:.0f},{c:.6f}" for a, b, c in zip(n, d, loss)]
    (HERE / "table.csv").write_text("N,D,loss\n" + "\n".join(lines) + "\n")
    return np.loadtxt(HERE / "table.csv", delimiter=",", skiprows=1).T


def model(log_n, log_d, log_loss):
    e = numpyro.sample("e", dist.Normal(np.log(1.8), 3.0))
    a = numpyro.sample("a", dist.Normal(np.log(450.0), 3.0))
    b = numpyro.sample("b", dist.Normal(np.log(2000.0), 3.0))
    alpha = numpyro.sample("alpha", dist.TruncatedNormal(0.35, 0.05, low=0.0, high=2.5))
    beta = numpyro.sample("beta", dist.Uniform(0.0, 2.5))
    log_scale = numpyro.sample("log_scale", dist.ImproperUniform(dist.constraints.real, (), ()))
    over = numpyro.sample("over", dist.ImproperUniform(dist.constraints.positive, (), ()))
    nu = 1.0 + over
    numpyro.factor("degrees", jnp.log(nu) - 0.1 * nu)
    mean = jnp.logaddexp(jnp.logaddexp(a - alpha * log_n, b - beta * log_d), e)
    with numpyro.plate("rows", log_n.size):
        numpyro.sample("y", dist.StudentT(nu, mean, jnp.exp(log_scale)), obs=log_loss)


def main():
    numpyro.enable_x64()
    numpyro.set_host_device_count(2)
    n, d, loss = table()
    data = (np.log(n), np.log(d), np.log(loss))
    start = {"e": np.log(1.82), "a": np.log(482.0), "b": np.log(2085.0), "alpha": 0.348, "beta": 0.366}
    start |= {"log_scale": np.log(0.005), "over": 3.0}
    kernel = NUTS(
        model,
        dense_mass=True,
        target_accept_prob=0.9,
        init_strategy=numpyro.infer.init_to_value(values=start),
    )
    chain = MCMC(
        kernel, num_warmup=WARMUP, num_samples=DRAWS, num_chains=CHAINS, chain_method="vectorized", progress_bar=False
    )
    chain.run(jax.random.PRNGKey(0), *data)
    draws = {name: np.asarray(v) for name, v in chain.get_samples(group_by_chain=True).items()}
    named = {
        "E": np.exp(draws["e"]),
        "A": np.exp(draws["a"]),
        "B": np.exp(draws["b"]),
        "alpha": draws["alpha"],
        "beta": draws["beta"],
        "a_opt": draws["beta"] / (draws["alpha"] + draws["beta"]),
        "scale of the noise": np.exp(draws["log_scale"]),
        "degrees of freedom of the noise": 1.0 + draws["over"],
    }
    summary = {}
    for name, values in named.items():
        quantiles = np.quantile(values, [0.05, 0.5, 0.95])
        error = [float(array_stats.mcse(values, method="quantile", prob=p)) for p in (0.05, 0.5, 0.95)]
        summary[name] = {
            "mean": float(values.mean()),
            "sd": float(values.std(ddof=1)),
            "quantiles": [float(q) for q in quantiles],
            "quantile_errors": error,
            "rhat": float(array_stats.rhat(values)),
            "ess_bulk": float(array_stats.ess(values, method="bulk")),
            "ess_tail": float(array_stats.ess(values, method="tail", prob=(0.05, 0.95))),
        }
    flat = {k: v.reshape(-1) for k, v in draws.items()}
    thin = slice(None, None, 10)
    mean = np.logaddexp(
        np.logaddexp(
            flat["a"][thin, None] - flat["alpha"][thin, None] * data[0],
            flat["b"][thin, None] - flat["beta"][thin, None] * data[1],
        ),
        flat["e"][thin, None],
    )
    nu, scale = 1.0 + flat["over"][thin, None], np.exp(flat["log_scale"][thin, None])
    log_lik = np.asarray(dist.StudentT(nu, mean, scale).log_prob(data[2]))  # draws x rows
    weights, shapes = array_stats.psislw(log_lik.T, r_eff=1.0, axis=-1)
    from scipy.special import logsumexp

    rows = logsumexp(np.asarray(weights) + log_lik.T, axis=-1)
    plain = logsumexp(log_lik.T, axis=-1) - np.log(log_lik.shape[0])
    loo = {
        "elpd": float(rows.sum()),
        "error": float(np.sqrt(rows.size * rows.var())),
        "parameters": float(plain.sum() - rows.sum()),
        "worst": float(np.max(shapes)),
    }
    # A few chains as they are, for the diagnostics themselves.
    piece = [[float(f"{x:.8g}") for x in c[:200]] for c in draws["alpha"]]
    check = np.array(piece)
    diagnostics = {
        "chains": piece,
        "rhat": float(array_stats.rhat(check)),
        "ess_bulk": float(array_stats.ess(check, method="bulk")),
        "ess_tail": float(array_stats.ess(check, method="tail", prob=(0.05, 0.95))),
    }
    found = {
        "versions": {"numpyro": numpyro.__version__, "jax": jax.__version__},
        "chains": CHAINS,
        "draws": DRAWS,
        "summary": summary,
        "loo": loo,
        "diagnostics": diagnostics,
    }
    (HERE / "expected.json").write_text(json.dumps(found, indent=1) + "\n")
    for name, s in summary.items():
        print(name, s["quantiles"], f"rhat {s['rhat']:.4f} ess {s['ess_bulk']:.0f} {s['ess_tail']:.0f}")
    print(loo)


if __name__ == "__main__":
    main()
