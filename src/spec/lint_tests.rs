//! The lint on the spec of this tree, and on small corpora that are wrong in one way each.

use std::path::Path;

use super::*;

fn spec() -> Corpus {
    match Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec")) {
        Ok(c) => c,
        Err(errors) => panic!("{}", lines(&errors)),
    }
}

fn lines(d: &[Diagnostic]) -> String {
    d.iter().map(|d| format!("{d}\n")).collect()
}

#[test]
fn every_file_of_the_spec_holds() {
    let found = corpus(&spec());
    assert!(found.is_empty(), "{}", lines(&found));
}
