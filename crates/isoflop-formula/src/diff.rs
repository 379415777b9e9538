//! Symbolic derivatives on the graph, in parameters or in inputs.

use rustc_hash::FxHashMap;

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

impl Graph {
    /// The nodes that `roots` are made of, arguments before the nodes that use them.
    pub fn reachable(&self, roots: &[NodeId]) -> Vec<NodeId> {
        self.reachable_above(roots, &|_| false)
    }

    /// [`Graph::reachable`] without what only nodes that are a `floor` are made of.
    pub(crate) fn reachable_above(&self, roots: &[NodeId], floor: &dyn Fn(NodeId) -> bool) -> Vec<NodeId> {
        let mut seen = vec![false; self.len()];
        for root in roots {
            seen[root.index()] = true;
        }
        for index in (0..self.len()).rev() {
            if seen[index] && !floor(NodeId(index as u32)) {
                for argument in self.arguments(NodeId(index as u32)) {
                    seen[argument.index()] = true;
                }
            }
        }
        (0..self.len()).filter(|&i| seen[i]).map(|i| NodeId(i as u32)).collect()
    }

    /// Whether `node` depends on the leaf `leaf` (an input or a parameter).
    pub fn depends_on(&self, node: NodeId, leaf: Node) -> bool {
        self.reachable(&[node]).into_iter().any(|id| self.node(id) == leaf)
    }

    /// The derivative of `node` with respect to the leaf `wrt`, which is `Node::Param(k)` or
    /// `Node::Input(k)`. Kinks of `abs`, `min`, `max` and `if` take the value of one side;
    /// comparisons have derivative 0.
    ///
    /// ```
    /// use isoflop_formula::{Graph, Node};
    /// let mut g = Graph::new();
    /// let (x, p) = (g.input(0), g.param(0));
    /// let f = g.mul(p, x);
    /// assert_eq!(g.derivative(f, Node::Param(0)), x);
    /// ```
    pub fn derivative(&mut self, node: NodeId, wrt: Node) -> NodeId {
        let zero = self.number(0.0);
        let mut known: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for id in self.reachable(&[node]) {
            let d = if self.node(id) == wrt {
                self.number(1.0)
            } else {
                let slope = |a: NodeId| known.get(&a).copied().unwrap_or(zero);
                match self.node(id) {
                    Node::Const(_)
                    | Node::Input(_)
                    | Node::Earlier(_)
                    | Node::Param(_)
                    | Node::Unknown(_) => zero,
                    Node::Root(k) => match slope(self.equation(k).body) {
                        moved if moved == zero => zero,
                        moved => self.root_slope(id, k, moved),
                    },
                    Node::Unary(op, a) => match slope(a) {
                        da if da == zero => zero,
                        da => self.unary_slope(op, id, a, da),
                    },
                    Node::Binary(op, a, b) => match (slope(a), slope(b)) {
                        (da, db) if da == zero && db == zero => zero,
                        (da, db) => self.binary_slope(op, id, (a, da), (b, db)),
                    },
                    Node::Past(body, here, row) => match slope(body) {
                        part if part == zero => zero,
                        part => self.past(part, here, row),
                    },
                    Node::If(c, a, b) => {
                        let (da, db) = (slope(a), slope(b));
                        self.select(c, da, db)
                    }
                }
            };
            if d != zero {
                known.insert(id, d);
            }
        }
        known.get(&node).copied().unwrap_or(zero)
    }

    /// Derivative of the root of equation `k`, whose body moves by `moved` where the unknown is held: the root moves
    /// so that the body stays 0.
    fn root_slope(&mut self, root: NodeId, k: u32, moved: NodeId) -> NodeId {
        let unknown = Node::Unknown(self.equation(k).unknown);
        let along = self.derivative(self.equation(k).body, unknown);
        let at_root =
            |g: &mut Graph, node| g.substitute(node, &mut |_, leaf| (leaf == unknown).then_some(root));
        let (moved, along) = (at_root(self, moved), at_root(self, along));
        let ratio = self.div(moved, along);
        self.neg(ratio)
    }

    /// Derivative of `id = op(a)` given the derivative `da` of `a`.
    fn unary_slope(&mut self, op: Unary, id: NodeId, a: NodeId, da: NodeId) -> NodeId {
        use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, PI};
        let one = self.number(1.0);
        match op {
            Unary::Neg => self.neg(da),
            Unary::Not | Unary::Sign | Unary::Detach => self.number(0.0),
            Unary::Exp => self.mul(id, da),
            Unary::Expm1 => {
                let e = self.unary(Unary::Exp, a);
                self.mul(e, da)
            }
            Unary::Log => self.div(da, a),
            Unary::Log1p => {
                let shifted = self.add(one, a);
                self.div(da, shifted)
            }
            Unary::Log2 | Unary::Log10 => {
                let base = self.number(if op == Unary::Log2 { LN_2 } else { LN_10 });
                let scaled = self.mul(base, a);
                self.div(da, scaled)
            }
            Unary::Sqrt => {
                let half = self.number(0.5);
                let top = self.mul(half, da);
                self.div(top, id)
            }
            Unary::Abs => {
                let sign = self.unary(Unary::Sign, a);
                self.mul(sign, da)
            }
            Unary::Sigmoid => {
                let rest = self.sub(one, id);
                let slope = self.mul(id, rest);
                self.mul(slope, da)
            }
            Unary::Logit => {
                let rest = self.sub(one, a);
                let product = self.mul(a, rest);
                self.div(da, product)
            }
            Unary::Softplus => {
                let sigmoid = self.unary(Unary::Sigmoid, a);
                self.mul(sigmoid, da)
            }
            Unary::Tanh => {
                let square = self.mul(id, id);
                let slope = self.sub(one, square);
                self.mul(slope, da)
            }
            Unary::Erf | Unary::Normcdf => {
                let (height, rate) =
                    if op == Unary::Erf { (FRAC_2_SQRT_PI, -1.0) } else { (1.0 / (2.0 * PI).sqrt(), -0.5) };
                let (height, rate) = (self.number(height), self.number(rate));
                let square = self.mul(a, a);
                let exponent = self.mul(rate, square);
                let bell = self.unary(Unary::Exp, exponent);
                let slope = self.mul(height, bell);
                self.mul(slope, da)
            }
            Unary::Lgamma => {
                let slope = self.unary(Unary::Digamma, a);
                self.mul(slope, da)
            }
            Unary::Digamma => {
                let slope = self.unary(Unary::Trigamma, a);
                self.mul(slope, da)
            }
            // Never reached from text of the language: only a third derivative of `lgamma` needs it.
            Unary::Trigamma => self.number(f64::NAN),
            Unary::Sin => {
                let slope = self.unary(Unary::Cos, a);
                self.mul(slope, da)
            }
            Unary::Cos => {
                let slope = self.unary(Unary::Sin, a);
                let product = self.mul(slope, da);
                self.neg(product)
            }
            Unary::Atan => {
                let square = self.mul(a, a);
                let bottom = self.add(one, square);
                self.div(da, bottom)
            }
        }
    }

    /// Derivative of `id = op(a, b)` given the derivatives of both arguments.
    fn binary_slope(
        &mut self,
        op: Binary,
        id: NodeId,
        (a, da): (NodeId, NodeId),
        (b, db): (NodeId, NodeId),
    ) -> NodeId {
        let zero = self.number(0.0);
        match op {
            Binary::Add => self.add(da, db),
            Binary::Sub => self.sub(da, db),
            Binary::Mul => {
                let (left, right) = (self.mul(da, b), self.mul(a, db));
                self.add(left, right)
            }
            // Written with a/b and b'/b so that both are shared with the value and other slopes.
            Binary::Div => {
                let left = self.div(da, b);
                let rate = self.div(db, b);
                let right = self.mul(id, rate);
                self.sub(left, right)
            }
            Binary::Pow => {
                let mut sum = zero;
                if da != zero {
                    let one = self.number(1.0);
                    let lower = self.sub(b, one);
                    let power = self.pow(a, lower);
                    let slope = self.mul(b, power);
                    sum = self.mul(slope, da);
                }
                if db != zero {
                    let log = self.unary(Unary::Log, a);
                    let slope = self.mul(id, log);
                    let right = self.mul(slope, db);
                    sum = self.add(sum, right);
                }
                sum
            }
            Binary::Min | Binary::Max => {
                let (low, high) = if op == Binary::Min { (a, b) } else { (b, a) };
                let first = self.binary(Binary::LessEqual, low, high);
                self.select(first, da, db)
            }
            Binary::Less
            | Binary::LessEqual
            | Binary::Equal
            | Binary::NotEqual
            | Binary::And
            | Binary::Or => zero,
        }
    }
}
