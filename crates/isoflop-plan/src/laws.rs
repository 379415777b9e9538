//! The laws of a plan: one, or several with a role each by which formulas tell them apart.

use crate::error::PlanError;
use crate::model::Model;

/// Laws with values that one plan is made with.
///
/// In formulas the output of a law is called as the law calls it, and `ROLE_loss` where several laws predict a `loss`. An
/// input of a law that is neither decided nor given is taken from the law that predicts it: a law of the error in the loss
/// reads the loss of a law in N and D. `ROLE_N` decides or gives the N of one law alone.
///
/// ```
/// use isoflop_laws::Catalogue;
/// use isoflop_plan::{Laws, Model, Request, plan_laws};
///
/// let catalogue = Catalogue::builtin()?;
/// let one = |text| Model::parse(text, &catalogue).unwrap();
/// let laws = Laws::new(vec![
///     ("small".into(), one("chinchilla@hoffmann")),
///     ("large".into(), one("chinchilla@besiroglu")),
/// ]).unwrap();
/// let request = Request::minimize("small_loss + large_loss").over(["N", "D"]).subject_to("6*N*D <= 1e22");
/// assert!(plan_laws(&laws, &request).unwrap().gap.unwrap() < 1e-8);
/// # Ok::<(), isoflop_laws::LawErrors>(())
/// ```
#[derive(Debug, Clone)]
pub struct Laws {
    list: Vec<(String, Model)>,
}

impl Laws {
    /// Laws by role.
    ///
    /// # Errors
    /// A role that is no name (letters, digits and `_`), or is there twice.
    pub fn new(list: Vec<(String, Model)>) -> Result<Laws, PlanError> {
        for (k, (role, _)) in list.iter().enumerate() {
            if !is_name(role) {
                return Err(PlanError::BadRole {
                    role: role.clone(),
                    reason: "is no name: use letters, digits and _",
                });
            }
            if list[..k].iter().any(|(known, _)| known == role) {
                return Err(PlanError::BadRole { role: role.clone(), reason: "stands for two laws" });
            }
        }
        Ok(Laws { list })
    }

    /// Splits `a=fit.json` into role and law; `None` for a law without a role.
    ///
    /// ```
    /// use isoflop_plan::Laws;
    /// assert_eq!(Laws::role_of("a=chinchilla:E=1.8"), Some(("a", "chinchilla:E=1.8")));
    /// assert_eq!(Laws::role_of("chinchilla:E=1.8"), None);
    /// ```
    pub fn role_of(text: &str) -> Option<(&str, &str)> {
        text.split_once('=').filter(|(role, what)| is_name(role) && !what.is_empty())
    }

    /// One law, which needs no role.
    pub fn one(model: Model) -> Laws {
        Laws { list: vec![(String::new(), model)] }
    }

    /// Role and law; the role of a single law may be empty.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.list.iter().map(|(role, model)| (role.as_str(), model))
    }

    /// What to call them together.
    pub fn name(&self) -> String {
        let one = |(role, model): &(String, Model)| {
            if role.is_empty() { model.name.clone() } else { format!("{role}={}", model.name) }
        };
        self.list.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// Whether any of them has draws.
    pub fn has_draws(&self) -> bool {
        self.list.iter().any(|(_, model)| !model.draws.is_empty())
    }

    /// The laws with their roles, to plan with.
    pub(crate) fn roles(&self) -> Vec<(&str, &Model)> {
        self.iter().collect()
    }
}

/// Whether `text` can be a name in a formula.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A law with the role it has in formulas; the role of a single law is empty.
pub(crate) type Role<'a> = (&'a str, &'a Model);
