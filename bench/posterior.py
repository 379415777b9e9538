"""numpyro on the model of `isoflop fit --interval nuts`, for `cargo xtask bench nuts`: four chains of 1000 draws.

    posterior.py --table table240.csv        # columns N, D, C, loss, cluster

Prints one line of key=value pairs. The time is that of a second run, after everything has been compiled, `cpu` its CPU
time; `first` is that of the first. The model is the one of oracles/nuts/make.py without the prior of a user.
"""

import argparse
import os
import time

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from arviz_stats.base import array_stats
from numpyro.infer import MCMC, NUTS


def model(log_n, log_d, log_loss):
    e = numpyro.sample("e", dist.Normal(np.log(1.8), 3.0))
    a = numpyro.sample("a", dist.Normal(np.log(450.0), 3.0))
    b = numpyro.sample("b", dist.Normal(np.log(2000.0), 3.0))
    alpha = numpyro.sample("alpha", dist.Uniform(0.0, 2.5))
    beta = numpyro.sample("beta", dist.Uniform(0.0, 2.5))
    log_scale = numpyro.sample("log_scale", dist.ImproperUniform(dist.constraints.real, (), ()))
    over = numpyro.sample("over", dist.ImproperUniform(dist.constraints.positive, (), ()))
    nu = 1.0 + over
    numpyro.factor("degrees", jnp.log(nu) - 0.1 * nu)
    mean = jnp.logaddexp(jnp.logaddexp(a - alpha * log_n, b - beta * log_d), e)
    with numpyro.plate("rows", log_n.size):
        numpyro.sample("y", dist.StudentT(nu, mean, jnp.exp(log_scale)), obs=log_loss)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    options = parser.parse_args()
    numpyro.enable_x64()
    table = np.loadtxt(options.table, delimiter=",", skiprows=1)
    rows = (np.log(table[:, 0]), np.log(table[:, 1]), np.log(table[:, 3]))
    start = {"e": np.log(1.82), "a": np.log(482.0), "b": np.log(2085.0), "alpha": 0.348, "beta": 0.366}
    start |= {"log_scale": np.log(0.005), "over": 3.0}
    kernel = NUTS(model, dense_mass=True, init_strategy=numpyro.infer.init_to_value(values=start))
    chains = MCMC(
        kernel, num_warmup=1000, num_samples=1000, num_chains=4, chain_method="vectorized", progress_bar=False
    )
    times, cpu = [], []
    for seed in range(2):
        t, c = time.perf_counter(), time.process_time()
        chains.run(jax.random.PRNGKey(seed), *rows)
        draws = {name: np.asarray(v) for name, v in chains.get_samples(group_by_chain=True).items()}
        times.append(time.perf_counter() - t)
        cpu.append(time.process_time() - c)
    ess = min(float(array_stats.ess(values, method="bulk")) for values in draws.values())
    rhat = max(float(array_stats.rhat(values)) for values in draws.values())
    print(f"task=nuts seconds={times[1]} cpu={cpu[1]} first={times[0]} ess={ess} rhat={rhat}")


if __name__ == "__main__":
    main()
