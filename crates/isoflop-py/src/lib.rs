//! The Rust half of the Python package `isoflop`, as the module `isoflop._isoflop`.
//!
//! It takes tables and plain requests, runs `isoflop-study` without holding Python's lock, and gives tables, numbers and
//! the JSON of results. What users see (names, types, tables, plots, warnings) is Python, in `python/isoflop`.
//!
//! Bytes of little-endian 64-bit floats are how columns of numbers cross: the stable interface of Python 3.10 has no
//! buffers, and numpy reads them without a copy.

mod errors;
mod fit;
mod laws;
mod options;
mod plan;
mod report;
mod review;
mod shard;
mod study;
mod table;
mod work;

use pyo3::prelude::*;

#[pymodule]
fn _isoflop(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<table::Table>()?;
    module.add_class::<fit::Fitted>()?;
    module.add_class::<shard::Job>()?;
    module.add_function(wrap_pyfunction!(fit::fit, module)?)?;
    module.add_function(wrap_pyfunction!(study::compare, module)?)?;
    module.add_function(wrap_pyfunction!(study::backtest, module)?)?;
    module.add_function(wrap_pyfunction!(study::profile, module)?)?;
    module.add_function(wrap_pyfunction!(review::methods, module)?)?;
    module.add_function(wrap_pyfunction!(review::contrast, module)?)?;
    module.add_function(wrap_pyfunction!(review::influence, module)?)?;
    module.add_function(wrap_pyfunction!(review::audit, module)?)?;
    module.add_function(wrap_pyfunction!(review::next_runs, module)?)?;
    module.add_function(wrap_pyfunction!(report::figures_of_result, module)?)?;
    module.add_function(wrap_pyfunction!(report::figures_of_fit, module)?)?;
    module.add_function(wrap_pyfunction!(report::report, module)?)?;
    module.add_function(wrap_pyfunction!(plan::plan, module)?)?;
    module.add_function(wrap_pyfunction!(plan::plans, module)?)?;
    module.add_function(wrap_pyfunction!(plan::rules, module)?)?;
    module.add_function(wrap_pyfunction!(plan::cost, module)?)?;
    module.add_function(wrap_pyfunction!(laws::laws, module)?)?;
    module.add_function(wrap_pyfunction!(laws::law, module)?)?;
    module.add_function(wrap_pyfunction!(laws::law_of_formula, module)?)?;
    module.add_function(wrap_pyfunction!(laws::simulate, module)?)?;
    module.add_function(wrap_pyfunction!(laws::reproduce, module)?)?;
    Ok(())
}
