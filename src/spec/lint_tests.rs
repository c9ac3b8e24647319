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

/// Each file says in its first line where it is wrong and how: `# expect: LINE:COLUMN: what`.
#[test]
fn every_invalid_file_is_refused_where_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/selftest/invalid");
    let files = crate::spec::corpus::yaml_files(&folder);
    assert!(files.len() > 20, "{} files", files.len());
    let mut wrong = String::new();
    for (path, name) in files {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let want = text.lines().next().and_then(|l| l.strip_prefix("# expect: ")).unwrap_or("nothing");
        let got = match crate::spec::yaml::parse::<Case>(&name, &text) {
            Err(e) => e.to_string(),
            Ok(case) => {
                let mut c = spec();
                c.cases = vec![case.clone()];
                let mut out = Vec::new();
                one_case(&c, &case, &mut out);
                out.retain(|d| !d.what.contains("must begin with the name of its folder"));
                lines(&out)
            }
        };
        if !got.contains(&format!("{name}:{want}")) {
            wrong.push_str(&format!("{name}: wanted {want}, got {got}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn code_cites_what_the_spec_demands_and_nothing_else() {
    let cited = match citations(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        Ok(c) => c,
        Err(e) => panic!("{e}"),
    };
    let found = code(&spec(), &cited);
    assert!(found.is_empty(), "{}", lines(&found));
}

#[test]
fn the_spec_and_the_core_have_the_same_quirks() {
    let ours: BTreeSet<String> = spec()
        .quirks
        .iter()
        .flat_map(|f| f.value.quirks.clone())
        .filter(|q| q.role != Role::Codec)
        .map(|q| q.id)
        .collect();
    let core: BTreeSet<String> = crate::proto::quirk::Quirk::ALL.iter().map(|q| q.as_str().to_string()).collect();
    assert_eq!(ours, core);
}
