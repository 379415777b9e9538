//! Jobs as they are asked for: JSON with the texts of the command line, turned into the requests of `isoflop-study`.

use isoflop_audit::Sharing;
use isoflop_plan::{Device, NamedPlan};
use isoflop_study::{
    Basis, Changes, CompareRequest, Hold, IntervalRequest, NextOptions, PlanOptions, Request, law_names,
    parse_cuts,
};
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};

/// Most replicates, draws, candidates and points of one job: its memory is bounded by them.
const MOST_REPLICATES: usize = 20_000;
const MOST_DRAWS: usize = 20_000;
const MOST_CANDIDATES: usize = 50_000;
const MOST_POINTS: usize = 1_000;
/// Most entries of a list, and letters of a text.
const MOST_TEXTS: usize = 200;
const LONGEST: usize = 20_000;

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// What to do.
    pub(crate) kind: Kind,
    /// The table, unless the job is a plan.
    #[serde(default)]
    pub(crate) table: Option<String>,
    /// Columns, rows, law and objective.
    #[serde(default)]
    pub(crate) request: Fitting,
    /// What this kind asks besides.
    #[serde(default)]
    pub(crate) options: Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Fit,
    Compare,
    Backtest,
    Profile,
    Audit,
    Influence,
    Methods,
    Contrast,
    /// Which laws the table can carry.
    Laws,
    Plan,
    Next,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Fit => "fit",
            Kind::Compare => "compare",
            Kind::Backtest => "backtest",
            Kind::Profile => "profile",
            Kind::Audit => "audit",
            Kind::Influence => "influence",
            Kind::Methods => "methods",
            Kind::Contrast => "contrast",
            Kind::Laws => "laws",
            Kind::Plan => "plan",
            Kind::Next => "next",
        }
    }

    /// Replicates where nothing is said, as on the command line.
    pub(crate) fn bootstrap(self) -> usize {
        match self {
            Kind::Fit => 1000,
            Kind::Compare => 100,
            Kind::Backtest => 200,
            Kind::Audit | Kind::Methods => 400,
            Kind::Contrast => 1000,
            _ => 0,
        }
    }
}

/// How a table is fitted; what is left out is as on the command line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fitting {
    pub(crate) law: Option<String>,
    pub(crate) maps: Vec<String>,
    pub(crate) lets: Vec<String>,
    pub(crate) filters: Vec<String>,
    pub(crate) weight: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) objective: Option<String>,
    pub(crate) delta: Option<f64>,
    pub(crate) fixed: Vec<String>,
    pub(crate) bounds: Vec<String>,
    pub(crate) ties: Vec<String>,
    pub(crate) starts: Option<String>,
    pub(crate) bootstrap: Option<usize>,
    pub(crate) interval: Option<String>,
    pub(crate) quantities: Vec<String>,
    pub(crate) priors: Vec<String>,
    pub(crate) level: Option<f64>,
    pub(crate) seed: Option<u64>,
}

/// What single kinds ask besides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// compare, backtest: ids and formulas.
    pub(crate) laws: Vec<String>,
    /// compare: what the laws of `auto` predict.
    pub(crate) output: Option<String>,
    /// compare, backtest: the column to cut along, and a number of cuts or the cuts.
    pub(crate) by: Option<String>,
    pub(crate) cuts: Option<String>,
    /// backtest: hold out each value of a column, or the largest runs.
    pub(crate) leave_out: Option<String>,
    pub(crate) leave_largest: bool,
    /// profile: quantities, and points of each curve.
    pub(crate) of: Vec<String>,
    pub(crate) curve: Option<usize>,
    /// contrast: the column of the recipes.
    pub(crate) arm: Option<String>,
    /// next: all runs together; audit, influence: the budget of the decision, FLOP.
    pub(crate) budget: Option<f64>,
    /// next: what is to be known better.
    pub(crate) goals: Vec<String>,
    pub(crate) cost: Option<String>,
    pub(crate) limits: Vec<String>,
    pub(crate) keep: Vec<String>,
    pub(crate) largest: Option<f64>,
    pub(crate) noise: Option<f64>,
    pub(crate) candidates: Option<usize>,
    /// plan: a finished fit by the id of its job, or a law with coefficients such as `chinchilla@besiroglu`.
    pub(crate) fit: Option<String>,
    pub(crate) model: Option<String>,
    /// plan: a named plan, or what is small or large.
    pub(crate) plan: Option<String>,
    pub(crate) minimize: Option<String>,
    pub(crate) maximize: Option<String>,
    pub(crate) over: Vec<String>,
    pub(crate) constraints: Vec<String>,
    /// plan, next: values.
    pub(crate) given: Vec<String>,
    pub(crate) hardware: Option<String>,
    pub(crate) report: Vec<String>,
    pub(crate) integer: Vec<String>,
}

impl Ask {
    /// Refuses what would take memory without bound, or files.
    pub(crate) fn check(&self) -> ApiResult<()> {
        let (request, options) = (&self.request, &self.options);
        let most = |name: &str, value: Option<usize>, most: usize| match value {
            Some(value) if value > most => {
                Err(ApiError::bad(format!("{name} is {value}; at most {most} here")))
            }
            _ => Ok(()),
        };
        most("bootstrap", request.bootstrap, MOST_REPLICATES)?;
        most("candidates", options.candidates, MOST_CANDIDATES)?;
        most("curve", options.curve, MOST_POINTS)?;
        if let Some(starts) = request.starts.as_deref().and_then(|starts| starts.parse().ok()) {
            most("starts", Some(starts), MOST_DRAWS)?;
        }
        if request.level.is_some_and(|level| !(level > 0.0 && level < 1.0)) {
            return Err(ApiError::bad("level must lie between 0 and 1, such as 0.9"));
        }
        for (name, value) in [
            ("budget", options.budget),
            ("largest", options.largest),
            ("noise", options.noise),
            ("delta", request.delta),
        ] {
            if value.is_some_and(|value| value.is_nan() || value <= 0.0) {
                return Err(ApiError::bad(format!("{name} must be above 0")));
            }
        }
        let lists = [
            &request.maps,
            &request.lets,
            &request.filters,
            &request.fixed,
            &request.bounds,
            &request.ties,
            &request.quantities,
            &request.priors,
            &options.laws,
            &options.of,
            &options.goals,
            &options.limits,
            &options.keep,
            &options.over,
            &options.constraints,
            &options.given,
            &options.report,
            &options.integer,
        ];
        if lists.iter().any(|list| list.len() > MOST_TEXTS || list.iter().any(|text| text.len() > LONGEST)) {
            return Err(ApiError::bad(format!(
                "a list has at most {MOST_TEXTS} entries of {LONGEST} letters"
            )));
        }
        let rivals = options.goals.iter().filter_map(|goal| goal.trim().strip_prefix("against "));
        for name in rivals.chain(options.model.as_deref()) {
            // Such a name could be that of a file, which only the roots give access to.
            if std::path::Path::new(name.trim()).extension().is_some_and(|ending| ending == "json")
                || name.contains(['/', '\\'])
            {
                return Err(ApiError::bad(format!("{name}: name a law, or give the job of a fit in `fit`")));
            }
        }
        if let Some(name) = &options.plan {
            NamedPlan::find(name)
                .map_err(|_| ApiError::bad(format!("there is no plan {name:?}; see /api/plans")))?;
            if name.ends_with(".md") {
                return Err(ApiError::bad("name one of the plans of /api/plans"));
            }
        }
        if let Some(name) = &options.hardware {
            let device = name.split(':').next().unwrap_or_default();
            Device::find(device).map_err(|error| ApiError::bad(error.to_string()))?;
        }
        self.check_kind()
    }

    /// What each kind cannot do without.
    fn check_kind(&self) -> ApiResult<()> {
        let options = &self.options;
        let needs_law = matches!(
            self.kind,
            Kind::Fit | Kind::Profile | Kind::Audit | Kind::Influence | Kind::Methods | Kind::Contrast
        );
        let lacks = match self.kind {
            // Named plans may be about a law of their own, or be tables of published rules.
            Kind::Plan if options.fit.is_none() && options.model.is_none() && options.plan.is_none() => {
                Some("options.fit, the job of a fit, or options.model")
            }
            Kind::Plan
                if options.plan.is_none() && options.minimize.is_none() && options.maximize.is_none() =>
            {
                Some("options.plan, options.minimize or options.maximize")
            }
            Kind::Plan => None,
            Kind::Next if options.budget.is_none() => Some("options.budget"),
            Kind::Next if options.goals.is_empty() => Some("options.goals"),
            Kind::Next if self.table.is_none() && options.model.is_none() => Some("table, or options.model"),
            Kind::Next if self.table.is_some() && self.request.law.is_none() => Some("request.law"),
            Kind::Next => None,
            _ if self.table.is_none() => Some("table"),
            Kind::Profile if options.of.is_empty() => Some("options.of"),
            Kind::Contrast if options.arm.is_none() => Some("options.arm"),
            Kind::Backtest if options.laws.is_empty() && self.request.law.is_none() => Some("options.laws"),
            _ if needs_law && self.request.law.is_none() => Some("request.law"),
            _ => None,
        };
        match lacks {
            Some(lacks) => Err(ApiError::bad(format!("a {} needs {lacks}", self.kind.name()))),
            None => Ok(()),
        }
    }

    /// The request for the rows and the fit.
    pub(crate) fn request(&self) -> Request {
        let asked = &self.request;
        let default = Request::default();
        Request {
            law: asked.law.clone(),
            maps: asked.maps.clone(),
            lets: asked.lets.clone(),
            filters: asked.filters.clone(),
            weight: asked.weight.clone(),
            cluster: asked.cluster.clone(),
            objective: asked.objective.clone(),
            delta: asked.delta,
            changes: Changes {
                fixed: asked.fixed.clone(),
                bounds: asked.bounds.clone(),
                ties: asked.ties.clone(),
            },
            starts: asked.starts.clone().unwrap_or(default.starts),
            bootstrap: asked.bootstrap.unwrap_or(self.kind.bootstrap()),
            interval: IntervalRequest {
                method: asked.interval.clone(),
                quantities: asked.quantities.clone(),
                priors: asked.priors.clone(),
                ..IntervalRequest::default()
            },
            level: asked.level.unwrap_or(default.level),
            seed: asked.seed.unwrap_or(default.seed),
            threads: None,
            choices: self.kind == Kind::Fit,
            among: Vec::new(),
        }
    }

    /// The laws of a comparison or backtest.
    pub(crate) fn laws(&self) -> Vec<String> {
        let named = law_names(&self.options.laws);
        match (named.is_empty(), &self.request.law) {
            (false, _) => named,
            (true, Some(law)) if self.kind == Kind::Backtest => vec![law.clone()],
            (true, _) => vec!["auto".to_owned()],
        }
    }

    fn cuts(&self) -> ApiResult<isoflop_fit::Cuts> {
        self.options
            .cuts
            .as_deref()
            .map_or(Ok(isoflop_fit::Cuts::Count(5)), parse_cuts)
            .map_err(ApiError::bad)
    }

    pub(crate) fn comparison(&self) -> ApiResult<CompareRequest> {
        let default = CompareRequest::default();
        let output = self.options.output.clone().unwrap_or(default.output);
        let (by, cuts) = (self.options.by.clone(), self.cuts()?);
        Ok(CompareRequest { laws: self.laws(), output, by, cuts, ..CompareRequest::default() })
    }

    pub(crate) fn hold(&self) -> ApiResult<Hold> {
        let options = &self.options;
        let (by, leave_out) = (options.by.clone(), options.leave_out.clone());
        Ok(Hold { by, cuts: self.cuts()?, leave_out, largest: options.leave_largest })
    }

    pub(crate) fn sharing(&self) -> Sharing {
        Sharing::Auto
    }

    pub(crate) fn plan(&self) -> PlanOptions {
        let options = &self.options;
        PlanOptions {
            plan: options.plan.clone(),
            minimize: options.minimize.clone(),
            maximize: options.maximize.clone(),
            over: options.over.clone(),
            constraints: options.constraints.clone(),
            given: options.given.clone(),
            hardware: options.hardware.clone(),
            report: options.report.clone(),
            integer: options.integer.clone(),
            level: self.request.level.unwrap_or(0.9),
            ..PlanOptions::default()
        }
    }

    pub(crate) fn next(&self) -> NextOptions {
        let options = &self.options;
        let default = NextOptions::default();
        NextOptions {
            goals: options.goals.clone(),
            budget: options.budget.unwrap_or(f64::NAN),
            cost: options.cost.clone(),
            limits: options.limits.clone(),
            given: options.given.clone(),
            keep: options.keep.clone(),
            largest: options.largest,
            noise: options.noise,
            candidates: options.candidates.unwrap_or(default.candidates),
            ..default
        }
    }

    /// What the choice of runs starts from.
    pub(crate) fn basis(&self, table: Option<isoflop_runs::RunTable>) -> ApiResult<Basis> {
        match (table, &self.options.model) {
            (Some(table), _) => Ok(Basis::Runs(table)),
            (None, Some(model)) => Ok(Basis::Law(model.clone())),
            (None, None) => Err(ApiError::bad("next needs a table or options.model")),
        }
    }
}
