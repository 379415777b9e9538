//! The four roles that a run table nearly always has, and the names that people give their columns.

use isoflop_formula::Unit;

use crate::column::Column;
use crate::table::RunTable;

/// A quantity that laws speak of by a fixed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `N`: parameters of the model.
    Params,
    /// `D`: tokens of training data.
    Tokens,
    /// `C`: training compute in FLOP.
    Compute,
    /// `loss`: cross-entropy, in nat/token unless the column says bits per byte.
    Loss,
}

/// How a column came to stand for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// Given with `--map`.
    Map,
    /// Defined with `--let`.
    Let,
    /// The column has the very name.
    Name,
    /// The column has a name in common use for it.
    CommonName,
    /// The last part of a path such as `summary/val_loss` is a name in common use for it.
    LastPart,
}

/// Names in common use, best first; spelled as [`plain`] spells them. For the loss, held-out losses come
/// before training losses, which loggers often average or smooth.
const PARAMS: &[&str] = &[
    "n_params",
    "num_params",
    "params",
    "parameters",
    "total_params",
    "num_parameters",
    "n_parameters",
    "model_n_params",
    "model_num_params",
    "model_params",
    "model_num_parameters",
    "param_count",
    "non_embedding_params",
    "non_embedding_parameters",
    "num_non_embedding_params",
    "params_non_embedding",
    "params_no_embed",
    "model_size",
    "params_from_total_flos",
    "n",
];
const TOKENS: &[&str] = &[
    "tokens",
    "n_tokens",
    "num_tokens",
    "tokens_seen",
    "train_tokens",
    "training_tokens",
    "train_tokens_seen",
    "num_input_tokens_seen",
    "total_tokens",
    "throughput_total_tokens",
    "n_train_tokens",
    "token_count",
    "d",
];
const COMPUTE: &[&str] = &[
    "flops",
    "flop",
    "total_flops",
    "training_flops",
    "training_flop",
    "train_flops",
    "total_flos",
    "total_training_flops",
    "compute",
    "flos",
    "flops_6nd",
    "c",
];
const LOSS: &[&str] = &[
    "val_loss",
    "validation_loss",
    "eval_loss",
    "test_loss",
    "lm_loss_validation",
    "loss_val",
    "loss_valid",
    "loss_validation",
    "loss_eval",
    "loss_test",
    "final_loss",
    "train_loss",
    "training_loss",
    "lm_loss",
    "train_ce_loss",
    "train_crossentropyloss",
    "loss_train",
    "loss_metrics_global_avg_loss",
    "learning_loss",
    "validation_bpb",
    "val_bpb",
    "bpb",
];

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Params, Role::Tokens, Role::Compute, Role::Loss];

    /// The name in formulas.
    pub fn name(self) -> &'static str {
        match self {
            Role::Params => "N",
            Role::Tokens => "D",
            Role::Compute => "C",
            Role::Loss => "loss",
        }
    }

    /// The role of this name.
    pub fn of(name: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Its unit if this column holds it.
    pub fn unit(self, column: &str) -> Unit {
        let text = match self {
            Role::Params => "param",
            Role::Tokens => "token",
            Role::Compute => "FLOP",
            Role::Loss if plain(column).split('_').any(|part| part == "bpb") => "bit/byte",
            Role::Loss => "nat/token",
        };
        Unit::parse(text).unwrap_or_default()
    }

    /// How it follows from the others by the usual estimate `C = 6 N D`; never applied silently.
    pub(crate) fn estimate(self) -> Option<(&'static str, [Role; 2])> {
        match self {
            Role::Params => Some(("C / (6*D)", [Role::Compute, Role::Tokens])),
            Role::Tokens => Some(("C / (6*N)", [Role::Compute, Role::Params])),
            Role::Compute => Some(("6*N*D", [Role::Params, Role::Tokens])),
            Role::Loss => None,
        }
    }

    /// Values all below this are more likely millions, billions or trillions than plain counts.
    pub(crate) fn least_plausible(self) -> Option<f64> {
        match self {
            Role::Params => Some(1e3),
            Role::Tokens => Some(1e4),
            Role::Compute => Some(1e9),
            Role::Loss => None,
        }
    }

    fn common_names(self) -> &'static [&'static str] {
        match self {
            Role::Params => PARAMS,
            Role::Tokens => TOKENS,
            Role::Compute => COMPUTE,
            Role::Loss => LOSS,
        }
    }

    /// Columns that may stand for this role, best first.
    pub(crate) fn candidates(self, table: &RunTable) -> Vec<(String, Found)> {
        let mut found: Vec<(Found, usize, &str)> = table
            .columns()
            .filter_map(|(name, column)| {
                let (found, rank) = self.rank(name)?;
                (found == Found::Name || has_numbers(column)).then_some((found, rank, name))
            })
            .collect();
        // Stable, so that of equal names the first column comes first.
        found.sort_by_key(|&(found, rank, _)| (found, rank));
        found.into_iter().map(|(found, _, name)| (name.to_owned(), found)).collect()
    }

    /// How well a name fits the role: less is better.
    pub(crate) fn rank(self, column: &str) -> Option<(Found, usize)> {
        if column == self.name() {
            return Some((Found::Name, 0));
        }
        let names = self.common_names();
        let position = |name: &str| {
            let is_own = name == self.name().to_lowercase() && name.len() > 1;
            if is_own { Some(0) } else { names.iter().position(|&other| other == name).map(|i| i + 1) }
        };
        if let Some(rank) = position(&plain(column)) {
            return Some((Found::CommonName, rank));
        }
        // `run A - train/loss` is one run of a wide chart export, not a column of a run table.
        let last = column.rsplit(['/', '.', ':']).next().filter(|_| !column.contains(" - "))?;
        let last = plain(last);
        if last.len() < 2 {
            return None;
        }
        position(&last).map(|rank| (Found::LastPart, rank))
    }
}

/// Lower case, with one underscore for any run of blanks, dots, slashes, colons, hyphens and underscores.
pub(crate) fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let parts = lower.split([' ', '_', '-', '/', '.', ':']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

/// Whether at least one cell is a number, so that a column of words is not taken for a quantity.
fn has_numbers(column: &Column) -> bool {
    match column {
        Column::Numbers(_) => true,
        Column::Text(text) => text.has_numbers(),
    }
}
