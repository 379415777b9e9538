use isoflop_laws::Catalogue;
use isoflop_plan::{Goal, Model, NextRequest, Past, next};
fn main() {
    let model = Model::parse("chinchilla@besiroglu", &Catalogue::builtin().unwrap()).unwrap();
    for (name, goal) in [
        ("a", Goal::Quantity { name: "a_opt".into(), formula: "beta / (alpha + beta)".into() }),
        ("o", Goal::Output { point: vec![("N".into(), 70e9), ("D".into(), 1.4e12)] }),
        ("r", Goal::Regret { budget: 1e24 }),
        (
            "d",
            Goal::Doubt {
                rival: Box::new(Model::parse("chinchilla@hoffmann", &Catalogue::builtin().unwrap()).unwrap()),
            },
        ),
    ] {
        for cand in [2500, 10000] {
            let request = NextRequest {
                candidates: cand,
                runs: 24,
                limits: vec![("N".into(), 1e7, 2e9), ("D".into(), 1e8, 1e11)],
                ..NextRequest::new(goal.clone(), 2e20, 0.005)
            };
            let t = std::time::Instant::now();
            let n = next(&model, &Past::default(), &request).unwrap();
            println!("{name} {cand} {:?} cost {:e}", t.elapsed(), n.cost);
            for r in &n.runs {
                println!("   {:?} x{} {:e} {}", r.inputs, r.repeats, r.cost, r.expected);
            }
            println!("{:#?}", n.outlooks);
        }
    }
}
