//! Every case of the spec as a named test: `cargo test --test spec frame/` runs that folder.
//!
//! Beside the cases themselves (`server/frame/id-echo`, eras and values inside) there is one test for each quirk that
//! a case says it catches (`kills/chat.write.fanout-two-members/push-twice`): with the quirk on, the case must fail.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use locospec::proto::quirk::{Quirk, Quirks};
use locospec::spec::corpus::{Corpus, yaml_files};
use locospec::spec::format::Case;
use locospec::spec::run::{Options, reference, run_case};
use locospec::spec::verdict::{CaseReport, Summary};
use locospec::spec::yaml::{Located, parse, text_of};

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let corpus = match Corpus::load(&root) {
        Ok(c) => Arc::new(c),
        Err(errors) => {
            errors.iter().for_each(|e| eprintln!("{e}"));
            std::process::exit(2);
        }
    };
    let mut trials = Vec::new();
    for case in &corpus.cases {
        trials.push(case_trial(&corpus, case));
        for quirk in &case.value.kills {
            trials.push(kill_trial(&corpus, case, quirk));
        }
    }
    trials.extend(must_fail_trials(&corpus, &root));
    libtest_mimic::run(&args, trials).exit();
}

/// Cases that the reference must fail, each saying in its head which check comes to which verdict: a judge that cannot
/// fail proves nothing.
fn must_fail_trials(corpus: &Arc<Corpus>, root: &Path) -> Vec<Trial> {
    let files = yaml_files(&root.join("selftest/must-fail"));
    let trial = |(path, name): (std::path::PathBuf, String)| {
        let corpus = Arc::clone(corpus);
        Trial::test(format!("selftest/must-fail/{}", name.trim_end_matches(".yaml")), move || {
            let text = text_of(&path, &name)?;
            let want =
                text.lines().find_map(|l| l.strip_prefix("# expect: ")).ok_or("it does not say what it expects")?;
            let case = parse::<Case>(&name, &text)?;
            let report = run(&corpus, &case, Quirks::NONE, &Options::default());
            for i in &report.instances {
                let got: Vec<String> = i.checks.iter().map(|c| format!("{}: {}", c.check, c.verdict)).collect();
                if !got.iter().any(|g| g == want) {
                    return Err(format!("{} wanted {want}, got {got:?}\n{}", i.id, report.explain()).into());
                }
            }
            if report.instances.is_empty() { Err("it has no instance".into()) } else { Ok(()) }
        })
    };
    files.into_iter().map(trial).collect()
}

fn run(corpus: &Corpus, case: &Located<Case>, quirks: Quirks, options: &Options) -> CaseReport {
    let role = case.value.role;
    run_case(corpus, case, &mut |era| reference(role, era, quirks), options)
}

fn case_trial(corpus: &Arc<Corpus>, case: &Located<Case>) -> Trial {
    let name = case.file.trim_start_matches("spec/cases/").trim_end_matches(".yaml").to_string();
    let (corpus, case) = (Arc::clone(corpus), case.clone());
    Trial::test(name, move || {
        let report = run(&corpus, &case, Quirks::NONE, &Options::default());
        let mut summary = Summary::default();
        summary.add(&report);
        if summary.exit_code() == 0 {
            Ok(())
        } else {
            Err(Failed::from(format!("{}\n{summary}\n{}", case.file, report.explain())))
        }
    })
}

fn kill_trial(corpus: &Arc<Corpus>, case: &Located<Case>, quirk: &str) -> Trial {
    let name = format!("kills/{}/{quirk}", case.value.case);
    let (corpus, case, quirk) = (Arc::clone(corpus), case.clone(), quirk.to_string());
    Trial::test(name, move || {
        let Some(q) = Quirk::parse(&quirk) else { return Err(format!("the core has no quirk `{quirk}`").into()) };
        let options = Options { stop_at_failure: true, ..Options::default() };
        let report = run(&corpus, &case, Quirks::NONE.with(q), &options);
        if report.verdict().is_failure() {
            Ok(())
        } else {
            Err(format!("{} passes although the target has the quirk {quirk}", case.value.case).into())
        }
    })
}
