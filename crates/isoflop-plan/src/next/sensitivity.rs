//! How the output of a law moves with its parameters.

use isoflop_formula::{Graph, InputKind, Node, NodeId, evaluate};

use crate::error::PlanError;
use crate::model::Model;
use crate::smooth::value_at;

/// A law with the derivatives of its prediction. Coordinates are the logarithms of positive parameters, and others in
/// units of their own size: what is known beforehand of either is of order 1.
pub(crate) struct Sensitivity {
    pub(crate) name: String,
    graph: Graph,
    prediction: NodeId,
    /// Number of each free parameter, and the derivative of the prediction.
    free: Vec<(usize, NodeId)>,
    /// Name of each input, `None` for the output.
    inputs: Vec<Option<String>>,
    /// Whether each parameter of the formula is positive by its bounds.
    positive: Vec<bool>,
    names: Vec<String>,
    fixed: Vec<Option<f64>>,
}

/// Values of all parameters of a formula, and the size of a unit step of each free coordinate.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) params: Vec<f64>,
    /// Derivative of each free parameter in its coordinate.
    pub(crate) steps: Vec<f64>,
}

impl Sensitivity {
    pub(crate) fn new(model: &Model) -> Result<Sensitivity, PlanError> {
        let formula = &model.formula;
        let symbols = &formula.symbols;
        let refuse = |what: String| Err(PlanError::NextCannot { law: model.name.clone(), what });
        if !formula.parts.is_empty() {
            return refuse("it predicts several outputs".to_owned());
        }
        if let Some(param) = symbols.params.iter().find(|p| p.group.is_some()) {
            let group = param.group.clone().unwrap_or_default();
            let name = &param.name;
            return refuse(format!(
                "the parameter {name} has a value for each {group}: choose one, --given {group}=..."
            ));
        }
        let output = formula.output.as_ref().map(|left| left.name.as_str());
        let mut graph = formula.graph.clone();
        let prediction = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
        let mut inputs = Vec::new();
        for (k, input) in symbols.inputs.iter().enumerate() {
            let is_text = matches!(input.kind, InputKind::TextEquals { .. });
            if let InputKind::TextEquals { column, .. } = &input.kind
                && graph.depends_on(prediction, Node::Input(k as u32))
            {
                return refuse(format!("the input {column} is a text: choose one, --given {column}=..."));
            }
            inputs.push((!is_text && Some(input.name.as_str()) != output).then(|| input.name.clone()));
        }
        let mut free = Vec::new();
        for (k, param) in symbols.params.iter().enumerate() {
            if param.fixed.is_none() && graph.depends_on(prediction, Node::Param(k as u32)) {
                free.push((k, graph.derivative(prediction, Node::Param(k as u32))));
            }
        }
        Ok(Sensitivity {
            name: model.name.clone(),
            graph,
            prediction,
            free,
            inputs,
            positive: symbols.params.iter().map(|p| p.lower >= 0.0).collect(),
            names: symbols.params.iter().map(|p| p.name.clone()).collect(),
            fixed: symbols.params.iter().map(|p| p.fixed).collect(),
        })
    }

    /// Number of coordinates.
    pub(crate) fn len(&self) -> usize {
        self.free.len()
    }

    /// Number and name of each input that the prediction reads.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (usize, &str)> {
        self.inputs.iter().enumerate().filter_map(|(k, name)| Some((k, name.as_deref()?)))
    }

    /// Places of all inputs, the output's included.
    pub(crate) fn width(&self) -> usize {
        self.inputs.len()
    }

    /// Names of all parameters.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The values of the model.
    pub(crate) fn values(&self, model: &Model) -> Result<Point, PlanError> {
        let mut params = Vec::new();
        for (name, fixed) in self.names.iter().zip(&self.fixed) {
            let value = model.place(name, None).map(|place| model.values[place].1).or(*fixed);
            params.push(value.ok_or_else(|| PlanError::MissingParameter {
                law: model.name.clone(),
                name: name.clone(),
                group: None,
                levels: Vec::new(),
            })?);
        }
        Ok(self.point(params))
    }

    /// The values of a draw of the model.
    pub(crate) fn draw(&self, model: &Model, draw: &[f64]) -> Option<Point> {
        let value = |(name, fixed): (&String, &Option<f64>)| {
            model.place(name, None).and_then(|place| draw.get(place).copied()).or(*fixed)
        };
        Some(self.point(self.names.iter().zip(&self.fixed).map(value).collect::<Option<_>>()?))
    }

    fn point(&self, params: Vec<f64>) -> Point {
        let steps = self.free.iter().map(|&(k, _)| self.step(k, params[k])).collect();
        Point { params, steps }
    }

    fn step(&self, k: usize, value: f64) -> f64 {
        if self.positive[k] && value > 0.0 {
            value
        } else if value == 0.0 {
            1.0
        } else {
            value.abs()
        }
    }

    /// The point with one coordinate moved by `by`.
    pub(crate) fn moved(&self, point: &Point, by: &[f64]) -> Point {
        let mut params = point.params.clone();
        for (&(k, _), (step, by)) in self.free.iter().zip(point.steps.iter().zip(by)) {
            params[k] = if self.positive[k] && params[k] > 0.0 {
                params[k] * by.exp()
            } else {
                params[k] + step * by
            };
        }
        Point { params, steps: point.steps.clone() }
    }

    /// Slopes of a formula of the parameters, given as a graph whose parameters have the names `names`.
    pub(crate) fn slopes_of(&self, graph: &Graph, node: NodeId, names: &[String], point: &Point) -> Vec<f64> {
        let mut graph = graph.clone();
        let place = |name: &String| self.names.iter().position(|known| known == name);
        let params: Vec<f64> =
            names.iter().map(|name| place(name).map_or(f64::NAN, |k| point.params[k])).collect();
        self.free
            .iter()
            .zip(&point.steps)
            .map(|(&(k, _), step)| match names.iter().position(|name| *name == self.names[k]) {
                None => 0.0,
                Some(own) => {
                    let slope = graph.derivative(node, Node::Param(own as u32));
                    step * value_at(&graph, slope, &[], &params)
                }
            })
            .collect()
    }

    /// The prediction at rows of inputs.
    pub(crate) fn predict(&self, columns: &[Vec<f64>], point: &Point) -> Vec<f64> {
        self.evaluate(self.prediction, columns, &point.params)
    }

    /// Slopes of the logarithm of the prediction, row by row: `rows` times [`Sensitivity::len`]. Rows without a
    /// positive prediction get zeros: they say nothing.
    pub(crate) fn slopes(&self, columns: &[Vec<f64>], point: &Point) -> Vec<f64> {
        let values = self.predict(columns, point);
        let n = self.len();
        let mut out = vec![0.0; values.len() * n];
        for (place, (&(_, node), step)) in self.free.iter().zip(&point.steps).enumerate() {
            let slope = self.evaluate(node, columns, &point.params);
            for (row, (slope, value)) in slope.iter().zip(&values).enumerate() {
                let share = step * slope / value;
                out[row * n + place] = if *value > 0.0 && share.is_finite() { share } else { 0.0 };
            }
        }
        out
    }

    fn evaluate(&self, node: NodeId, columns: &[Vec<f64>], params: &[f64]) -> Vec<f64> {
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let mut out = vec![f64::NAN; rows];
        evaluate(&self.graph, node, &slices, params, &mut out);
        out
    }
}
