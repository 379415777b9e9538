//! What a formula is made of: the terms of a sum, parameters that enter linearly.

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

impl Graph {
    /// The terms of the sum at `node` with their signs (+1 or -1); a node that is no sum is its only term.
    pub fn terms(&self, node: NodeId) -> Vec<(f64, NodeId)> {
        let mut stack = vec![(1.0, node)];
        let mut terms = Vec::new();
        while let Some((sign, id)) = stack.pop() {
            match self.node(id) {
                Node::Binary(Binary::Add, a, b) => stack.extend([(sign, b), (sign, a)]),
                Node::Binary(Binary::Sub, a, b) => stack.extend([(-sign, b), (sign, a)]),
                Node::Unary(Unary::Neg, a) => stack.push((-sign, a)),
                _ => terms.push((sign, id)),
            }
        }
        terms
    }

    /// The parameters among `candidates` in which `node` is linear while the others are held, all of them
    /// together: `f = f0 + sum p_k * f_k` with `f0` and `f_k` free of every returned `p_k`.
    ///
    /// Derivative nodes are added to the graph.
    pub fn linear_params(&mut self, node: NodeId, candidates: &[u32]) -> Vec<u32> {
        let mut linear: Vec<(u32, NodeId)> = Vec::new();
        for &k in candidates {
            let leaf = Node::Param(k);
            if !self.depends_on(node, leaf) {
                continue;
            }
            let slope = self.derivative(node, leaf);
            let joint = !self.depends_on(slope, leaf)
                && linear.iter().all(|&(other, other_slope)| {
                    !self.depends_on(slope, Node::Param(other)) && !self.depends_on(other_slope, leaf)
                });
            if joint {
                linear.push((k, slope));
            }
        }
        linear.into_iter().map(|(k, _)| k).collect()
    }

    /// Whether `node` is positive wherever the leaves that the closure calls positive are, by its form alone.
    pub fn is_positive(&self, node: NodeId, leaf: &dyn Fn(Node) -> bool) -> bool {
        let mut positive = vec![false; node.index() + 1];
        for id in self.reachable(&[node]) {
            let of = |a: NodeId| positive[a.index()];
            positive[id.index()] = match self.node(id) {
                Node::Const(bits) => f64::from_bits(bits) > 0.0,
                Node::Unary(op, a) => match op {
                    Unary::Exp | Unary::Sigmoid | Unary::Softplus | Unary::Normcdf => true,
                    Unary::Sqrt | Unary::Log1p | Unary::Expm1 | Unary::Abs | Unary::Detach => of(a),
                    _ => false,
                },
                Node::Binary(op, a, b) => match op {
                    Binary::Add | Binary::Mul | Binary::Div | Binary::Min => of(a) && of(b),
                    Binary::Max => of(a) || of(b),
                    Binary::Pow => of(a),
                    _ => false,
                },
                Node::If(_, a, b) => of(a) && of(b),
                // Parts may be left out, so the sum may be 0.
                Node::Past(..) => false,
                // A root lies between its ends.
                Node::Root(k) => self.value(self.equation(k).low).is_some_and(|low| low >= 0.0),
                Node::Unknown(_) => false,
                node @ (Node::Input(_) | Node::Earlier(_) | Node::Param(_)) => leaf(node),
            };
        }
        positive[node.index()]
    }

    /// Rewrites `node` with every use of `old` replaced by `new`.
    pub fn replace(&mut self, node: NodeId, old: NodeId, new: NodeId) -> NodeId {
        let mut place: Vec<NodeId> = (0..=node.index().max(old.index())).map(|i| NodeId(i as u32)).collect();
        for id in self.reachable(&[node]) {
            place[id.index()] = if id == old { new } else { self.rebuild(id, &|a: NodeId| place[a.index()]) };
        }
        place[node.index()]
    }

    /// The same operation on other arguments.
    fn rebuild(&mut self, id: NodeId, of: &dyn Fn(NodeId) -> NodeId) -> NodeId {
        match self.node(id) {
            Node::Const(_) | Node::Input(_) | Node::Earlier(_) | Node::Param(_) | Node::Unknown(_) => id,
            Node::Root(k) => {
                let equation = self.equation(k);
                let (body, low, high) = (of(equation.body), of(equation.low), of(equation.high));
                let name = self.unknown_name(equation.unknown).to_owned();
                self.root(&name, body, low, high)
            }
            Node::Unary(op, a) => self.unary(op, of(a)),
            Node::Binary(op, a, b) => self.binary(op, of(a), of(b)),
            Node::If(c, a, b) => self.select(of(c), of(a), of(b)),
            Node::Past(body, here, row) => self.past(of(body), of(here), of(row)),
        }
    }

    /// Rewrites `node` with leaves replaced: `replace` gives a node for a leaf, or `None` to keep it.
    pub fn substitute(
        &mut self,
        node: NodeId,
        replace: &mut dyn FnMut(&mut Graph, Node) -> Option<NodeId>,
    ) -> NodeId {
        let mut new: Vec<NodeId> = (0..=node.index()).map(|i| NodeId(i as u32)).collect();
        for id in self.reachable(&[node]) {
            new[id.index()] = match self.node(id) {
                leaf @ (Node::Input(_) | Node::Earlier(_) | Node::Param(_) | Node::Unknown(_)) => {
                    replace(self, leaf).unwrap_or(id)
                }
                _ => self.rebuild(id, &|a: NodeId| new[a.index()]),
            };
        }
        new[node.index()]
    }
}
