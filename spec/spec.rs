//! Every case of the spec as a named test: `cargo test --test spec frame/` runs that folder.
//!
//! Beside the cases themselves (`server/frame/id-echo`, eras and values inside) there is one test for each quirk that
//! a case says it catches (`kills/chat.write.fanout-two-members/push-twice`): with the quirk on, the case must fail.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use locospec::proto::quirk::{Quirk, Quirks};
use locospec::spec::corpus::Corpus;
use locospec::spec::format::Case;
use locospec::spec::run::{Options, reference, run_case};
use locospec::spec::verdict::{CaseReport, Summary};
use locospec::spec::yaml::Located;

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
    libtest_mimic::run(&args, trials).exit();
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
