//! Wall time of the codec beside its peer: `cargo bench --bench codec`. See `README.md` here; the operations are in
//! `ops/`.

use divan::Bencher;
use ops::{OPS, Op};

mod ops;

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn main() {
    divan::main();
}

#[divan::bench(args = OPS)]
fn op(b: Bencher, op: &Op) {
    let call = op.start();
    b.bench_local(call);
}
