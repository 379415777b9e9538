//! What can be wrong with a request for a fit.
// Long because every error of the crate is here, each with its sentence and the meaning of its fields.

use isoflop_formula::Diagnostics;

/// A fit that cannot be done as asked; the message says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The name of the objective is not one of [`crate::Objective::NAMES`].
    #[error(
        "[T0101] unknown objective `{name}`: use one of squares, huber, student-t, cauchy, asymmetric-huber, quantile, huber-density, each also with `-log` at the end, or one of binomial, beta-binomial, poisson"
    )]
    UnknownObjective {
        /// The name given.
        name: String,
    },
    /// The threshold is not a positive number.
    #[error("[T0102] delta is {delta}, but must be a positive number such as 1e-3")]
    BadDelta {
        /// The threshold given.
        delta: f64,
    },
    /// The plan of starts was not understood.
    #[error("[T0103] starts `{text}` is not understood: use auto, a positive number, or hoffmann")]
    BadStarts {
        /// The text given.
        text: String,
    },
    /// The level of the interval is not between 0 and 1.
    #[error("[T0104] level is {level}, but must lie between 0 and 1, such as 0.9")]
    BadLevel {
        /// The level given.
        level: f64,
    },
    /// A parameter was named that the law does not have.
    #[error("[T0105] cannot {what} `{name}`: the law has the parameters {known}")]
    UnknownParameter {
        /// `fix`, `bound` or `tie`.
        what: &'static str,
        /// The name given.
        name: String,
        /// The law's parameters.
        known: String,
    },
    /// A fixed value lies outside the bounds.
    #[error(
        "[T0106] {parameter} is fixed at {value}, outside its bounds {low} to {high}: change the value or the bounds"
    )]
    FixedOutsideBounds {
        /// Name of the parameter.
        parameter: String,
        /// Value asked for.
        value: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Bounds that hold no value.
    #[error(
        "[T0107] the bounds of {parameter}, {low} to {high}, hold no value: the lower must be less than the upper"
    )]
    EmptyBounds {
        /// Name of the parameter.
        parameter: String,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// The formula does not compile with the overrides.
    #[error("[T0108] {}", diagnostics.render(text))]
    Formula {
        /// The formula.
        text: String,
        /// What is wrong in it.
        diagnostics: Diagnostics,
    },
    /// Too few rows for the number of free parameters.
    #[error(
        "[T0201] {rows} usable row(s) for {parameters} free parameters: a fit needs more rows than parameters; add runs, or hold parameters with --fix"
    )]
    TooFewRows {
        /// Rows left after exclusions.
        rows: usize,
        /// Free parameters.
        parameters: usize,
    },
    /// An output with too few rows for the parameters that it depends on.
    #[error(
        "[T0211] {rows} row(s) observe {output} for the {parameters} free parameters that it depends on: an output of a law with several needs more, or it would be met exactly and outweigh the others; add runs, or hold parameters with --fix"
    )]
    TooFewOfOutput {
        /// The output.
        output: String,
        /// Rows that observe it.
        rows: usize,
        /// Free parameters of its statement.
        parameters: usize,
    },
    /// An objective with one scale for outputs that have scales of their own.
    #[error(
        "[T0212] {objective} estimates one scale, but the outputs {outputs} have one each: use squares, huber, cauchy or quantile, on logs or not"
    )]
    OneScale {
        /// The objective.
        objective: String,
        /// Names of the outputs.
        outputs: String,
    },
    /// An input that never changes says nothing about its exponent.
    #[error(
        "[T0202] input {input} has one distinct value ({value}) in all {rows} rows: the law cannot be determined; add runs with other values of {input}, or take a law without it"
    )]
    OneValue {
        /// Name of the input.
        input: String,
        /// Its value.
        value: f64,
        /// Rows.
        rows: usize,
    },
    /// An output that has no logarithm.
    #[error(
        "[T0203] row {row} has {output} = {value}, which has no logarithm: drop it with --where '{output} > 0', or take a raw objective such as --objective huber"
    )]
    NotPositive {
        /// Name of the output.
        output: String,
        /// Row of the fit, counted from 1.
        row: usize,
        /// Its value.
        value: f64,
    },
    /// All free parameters are held.
    #[error("[T0204] no parameter is free: there is nothing to fit")]
    NothingFree,
    /// No starting point gives a finite value.
    #[error(
        "[T0205] the law cannot be evaluated on this table: {tried} starting points gave no finite value; give bounds or scales for its parameters"
    )]
    NoStart {
        /// Starts tried.
        tried: usize,
    },
    /// The Hoffmann grid belongs to one law.
    #[error(
        "[T0206] --starts hoffmann needs a law with the parameters E, A, B, alpha and beta, free and positive; this law has {known}"
    )]
    NotHoffmann {
        /// The law's parameters.
        known: String,
    },
    /// A start that leaves out a free parameter.
    #[error("[T0208] the start gives no value for {parameter}: give one for every free parameter")]
    MissingStart {
        /// Name of the parameter.
        parameter: String,
    },
    /// Too few clusters to resample.
    #[error(
        "[T0207] column {column} has {count} distinct value(s): a cluster bootstrap needs at least 2, and more than 10 to be worth much"
    )]
    TooFewClusters {
        /// The cluster column.
        column: String,
        /// Clusters.
        count: usize,
    },
    /// A prediction lacks an input.
    #[error("[T0301] the law needs {needed}, but the point gives {given}")]
    MissingInput {
        /// Inputs of the law.
        needed: String,
        /// Inputs of the point.
        given: String,
    },
    /// Parameters per level need a level to predict with.
    #[error(
        "[T0303] the law has parameters per level of {column}: give the level of the point, such as {column}=..."
    )]
    GroupedPrediction {
        /// The group column.
        column: String,
    },
    /// The law has no finite value at a point.
    #[error("[T0302] the law has no finite value at {point}")]
    NoValue {
        /// The point.
        point: String,
    },
    /// A saved fit could not be read.
    #[error("[T0401] this is no saved fit of isoflop: {reason}")]
    NotAFit {
        /// What is wrong.
        reason: String,
    },
    /// A saved fit of a later version.
    #[error(
        "[T0402] the fit was saved with schema version {found}, and this version reads up to {known}: use a newer isoflop"
    )]
    NewerSchema {
        /// Version in the file.
        found: u64,
        /// Newest version known.
        known: u32,
    },
    /// The law of a saved fit could not be compiled again.
    #[error("[T0403] the law of the saved fit does not compile: {reason}")]
    SavedLaw {
        /// What is wrong.
        reason: String,
    },
    /// A law cannot be simulated: it has no design, or its design lacks a column or a value.
    #[error("[T0209] the law {law} has no complete [design] to simulate it on")]
    NoDesign {
        /// Id of the law.
        law: String,
    },
    /// An outcome family cannot have produced this output.
    #[error(
        "[T0210] row {row} has {output} = {value}, which {family} cannot give: it needs shares from 0 to 1 (binomial and beta-binomial, with --weight for the number of attempts; successes become shares by --let 'share = successes / attempts') or counts from 0 up (poisson)"
    )]
    NoOutcome {
        /// Name of the family.
        family: String,
        /// Name of the output.
        output: String,
        /// Row of the data, from 1.
        row: usize,
        /// Its value.
        value: f64,
    },
    /// An over-dispersion of shares without the attempts behind them.
    #[error(
        "[T0213] beta-binomial needs the number of attempts behind each {output}, more than 1 in some row: name its column with --weight; single attempts have no over-dispersion"
    )]
    NoAttempts {
        /// Name of the output.
        output: String,
    },
    /// A column to cut along that has no logarithm.
    #[error(
        "[T0601] row {row} has {column} = {value}: a backtest cuts along positive numbers; leave the row out with --where '{column} > 0', or name another column with --by"
    )]
    CutNotPositive {
        /// The column.
        column: String,
        /// Row, counted from 1.
        row: usize,
        /// Its value.
        value: f64,
    },
    /// A cut that leaves too little on one side.
    #[error(
        "[T0602] the cut {column} = {cut:e} leaves {train} row(s) to fit and {held} to forecast: at least {least} and 1 are needed; move the cut"
    )]
    CutOutside {
        /// The column.
        column: String,
        /// The cut.
        cut: f64,
        /// Rows up to the cut.
        train: usize,
        /// Rows above it.
        held: usize,
        /// Rows that a fit needs here.
        least: usize,
    },
    /// No place to cut.
    #[error(
        "[T0603] no cut along {column} ({distinct} distinct values) leaves {least} rows to fit and one to forecast: add runs, name another column with --by, or take a law with fewer parameters"
    )]
    NoCut {
        /// The column.
        column: String,
        /// Distinct values.
        distinct: usize,
        /// Rows that a fit needs here.
        least: usize,
    },
    /// Nothing to leave out.
    #[error("[T0604] column {column} has {count} distinct value(s): leaving one out needs at least 2")]
    OneGroup {
        /// The column.
        column: String,
        /// Distinct values.
        count: usize,
    },
    /// Fewer rows or clusters than folds.
    #[error(
        "[T0605] {folds} folds need at least 2 and no more than there are {column} ({units}): ask for fewer"
    )]
    TooFewForFolds {
        /// The cluster column, or `rows`.
        column: String,
        /// Rows or clusters.
        units: usize,
        /// Folds asked for.
        folds: usize,
    },
    /// No held-out row can be forecast.
    #[error(
        "[T0606] no held-out row can be forecast: the law has parameters per level, and no level is both fitted and held out"
    )]
    NothingHeldOut,
    /// No law to compare.
    #[error("[T0611] no law is left to compare")]
    NothingToCompare,
    /// Candidates on different rows.
    #[error(
        "[T0612] the law {law} comes with {rows} rows and the first one with {first}: compare laws on the same rows"
    )]
    DifferentRows {
        /// The law.
        law: String,
        /// Its rows.
        rows: usize,
        /// Rows of the first law.
        first: usize,
    },
    /// Residuals on another scale than those of the other laws.
    #[error(
        "[T0613] the left side of `{formula}` is not the output itself, so its raw residuals are on a scale of their own: compare under an objective with -log"
    )]
    OtherScale {
        /// The formula.
        formula: String,
    },
    /// A quantity to profile that is already held.
    #[error("[T0701] {name} is held already: there is nothing to profile")]
    HeldAlready {
        /// The parameter.
        name: String,
    },
    /// A quantity that cannot be profiled.
    #[error(
        "[T0702] cannot profile `{of}`: {reason}; the law has the parameters {known}{}", if derived.is_empty() { String::new() } else { format!(" and derives {derived}") }
    )]
    BadQuantity {
        /// The text given.
        of: String,
        /// The law's parameters.
        known: String,
        /// Derived quantities that need no input.
        derived: String,
        /// What is wrong.
        reason: String,
    },
    /// A profile needs an optimum in its middle.
    #[error(
        "[T0703] the fit is not at an optimum (gradient {gradient:.1e} of its scale): there is nothing to profile; see `isoflop fit`"
    )]
    NoOptimum {
        /// Relative gradient.
        gradient: f64,
    },
    /// Residuals of zero have no likelihood.
    #[error(
        "[T0704] the law passes through every row exactly: there is no noise from which to make an interval"
    )]
    PerfectFit,
    /// The fit was not the best one.
    #[error(
        "[T0705] with {of} held at {value:e} the law fits better than without: the search missed the optimum; ask for more --starts"
    )]
    BetterOptimum {
        /// The quantity.
        of: String,
        /// Where it was held.
        value: f64,
    },
    /// The name of the interval method is not one of [`crate::IntervalMethod::NAMES`].
    #[error(
        "[T0801] unknown interval method `{name}`: use one of {}", crate::IntervalMethod::NAMES.join(", ")
    )]
    UnknownInterval {
        /// The name given.
        name: String,
    },
    /// The name of the ends is not one of [`crate::Ends::NAMES`].
    #[error("[T0802] unknown ends `{name}`: use one of {}", crate::Ends::NAMES.join(", "))]
    UnknownEnds {
        /// The name given.
        name: String,
    },
    /// A method over clusters on a table that names none.
    #[error("[T0803] intervals by {method} need rows that belong together: name their column with --cluster")]
    NoClusters {
        /// The method.
        method: &'static str,
    },
    /// A stratified bootstrap without strata.
    #[error("[T0804] a stratified bootstrap needs a column to draw within: name it with --strata")]
    NoStrata,
    /// A cluster with rows in two strata.
    #[error(
        "[T0805] row {row} puts its cluster into a second level of {column}: the rows of a cluster must lie in one stratum"
    )]
    SplitCluster {
        /// The column of strata.
        column: String,
        /// Row of the fit, counted from 1.
        row: usize,
    },
    /// Strata of one unit each.
    #[error(
        "[T0806] each of the {strata} levels of {column} holds one row or cluster: drawn within them every replicate is the table itself; name a column with fewer levels"
    )]
    SingleStrata {
        /// The column of strata.
        column: String,
        /// Levels.
        strata: usize,
    },
    /// A method of residuals for an objective that has none.
    #[error(
        "[T0807] intervals by {method} need residuals of one size, which {objective} does not have: use point or cluster"
    )]
    NoResiduals {
        /// The method.
        method: &'static str,
        /// The objective.
        objective: String,
    },
    /// A quantity that cannot be computed from the parameters.
    #[error("[T0808] cannot compute `{of}` from the parameters: {reason}")]
    UnknownQuantity {
        /// The text given.
        of: String,
        /// What is wrong.
        reason: String,
    },
    /// An optimum that is flat in some direction.
    #[error(
        "[T0809] the curvature at the optimum does not determine all parameters: there is no interval from it; use a bootstrap or profile"
    )]
    FlatOptimum,
    /// A prior that was not understood.
    #[error(
        "[T0811] prior `{text}` is not understood: {reason}; write a parameter, ~ and normal(mean, sd), lognormal(median, sd of the log), uniform(low, high) or student(degrees, centre, scale)"
    )]
    BadPrior {
        /// The text given.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A prior of a parameter that the law does not have, or that is held.
    #[error("[T0812] cannot put a prior on `{name}`: the law has the free parameters {known}")]
    PriorOfNothing {
        /// The name given.
        name: String,
        /// Free parameters.
        known: String,
    },
    /// A prior that says next to nothing within the bounds.
    #[error(
        "[T0813] the prior {prior} gives a chance of {chance:.1e} to the bounds of {name}, {low} to {high}: change the prior, or the bounds with --bound"
    )]
    PriorOutsideBounds {
        /// The parameter.
        name: String,
        /// The prior.
        prior: String,
        /// Its chance of a value within the bounds.
        chance: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Two priors of one parameter.
    #[error("[T0814] {name} has two priors: give one")]
    TwoPriors {
        /// The parameter.
        name: String,
    },
    /// Priors for a method that uses none.
    #[error("[T0815] intervals by {method} use no priors: ask for --interval nuts")]
    PriorWithout {
        /// The method.
        method: &'static str,
    },
    /// A sampler that is asked for nothing.
    #[error(
        "[T0816] {chains} chain(s) of {draws} draws after {warmup} steps of adaptation: at least 1 chain of 100 draws after 100 steps is needed"
    )]
    TooFewDraws {
        /// Chains.
        chains: usize,
        /// Steps kept.
        draws: usize,
        /// Steps thrown away.
        warmup: usize,
    },
    /// More replicates, starts or draws than a machine can hold.
    #[error("[T0820] {number} {what} are too many: ask for at most {most}")]
    TooMany {
        /// Replicates, starts or draws.
        what: &'static str,
        /// The number asked for.
        number: usize,
        /// The most that are done.
        most: usize,
    },
    /// Strata for a method that draws from the whole table.
    #[error("[T0818] intervals by {method} know no strata: ask for --interval stratified")]
    StrataWithout {
        /// The method.
        method: &'static str,
    },
    /// Ends for a method without replicates.
    #[error("[T0819] intervals by {method} have no replicates: leave --ends out")]
    EndsWithout {
        /// The method.
        method: &'static str,
    },
    /// The log density has no finite value near the optimum.
    #[error(
        "[T0817] the posterior has no finite density near the optimum: the law cannot be sampled on this table"
    )]
    NoDensity,
    /// A fit that has no forecast model.
    #[error(
        "[T0901] this fit has no forecast distribution: it was made without replicates or by an earlier version; fit again with --bootstrap 1000"
    )]
    NoForecast,
    /// Laws that cannot be weighed for the forecasts of a fit.
    #[error("[T0906] no other laws can be weighed for forecasts of {law}: {reason}")]
    CannotWeigh {
        /// The law of the fit.
        law: String,
        /// Why.
        reason: String,
    },
    /// Text that is no frozen forecast.
    #[error("[T0902] this is no frozen forecast of isoflop: {reason}")]
    NotFrozen {
        /// What is wrong.
        reason: String,
    },
    /// A frozen forecast of a later version.
    #[error(
        "[T0903] the forecast was frozen with schema version {found}, and this version reads up to {known}: use a newer isoflop"
    )]
    NewerFrozen {
        /// Version in the file.
        found: u64,
        /// Newest version known.
        known: u32,
    },
    /// A frozen forecast that is not as it was written.
    #[error(
        "[T0904] the frozen forecast was changed after it was written: its checksum does not fit its contents; score the file as it was frozen"
    )]
    EditedForecast,
    /// No date.
    #[error("[T0905] `{date}` is no date: write 2026-03-01, or with a time in UTC 2026-03-01T12:30:00Z")]
    BadDate {
        /// The text given.
        date: String,
    },
    /// A method of intervals whose work cannot be divided by replicates.
    #[error(
        "[T1001] intervals by {method} have no replicates to divide: use a bootstrap, or fit on one machine"
    )]
    NoReplicates {
        /// The method.
        method: &'static str,
    },
    /// The optimum is not the one that the replicates were solved from.
    #[error(
        "[T1002] the fit ends at another optimum here than where the replicates started (objective {here:e}, there {there:e}): solve all of them and the fit with one build of isoflop"
    )]
    OtherOptimum {
        /// The objective at the optimum found here.
        here: f64,
        /// The objective where the replicates started.
        there: f64,
    },
    /// Too few or too many replicates.
    #[error("[T1003] {given} replicates were given, but the fit has {wanted}")]
    ReplicateCount {
        /// Replicates given.
        given: usize,
        /// Replicates of the fit.
        wanted: usize,
    },
    /// The user asked to stop.
    #[error("[T0501] stopped")]
    Cancelled,
}

impl FitError {
    /// The message without its code.
    pub fn message(&self) -> String {
        let text = self.to_string();
        match text.split_once("] ") {
            Some((code, message)) if code.starts_with('[') => message.to_string(),
            _ => text,
        }
    }
}
