//! Codecs as tests: our own in this process and as a program, planted bugs, and programs that are none.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use locospec::proto::entropy::Entropy;
use locospec::spec::corpus::Corpus;
use locospec::spec::format::sut::Launch;
use locospec::spec::format::{Case, Role, Sut};
use locospec::spec::lit::Lit;
use locospec::spec::run::codec::bridge::PATIENCE;
use locospec::spec::run::codec::own::Own;
use locospec::spec::run::codec::quirk::CodecQuirk;
use locospec::spec::run::codec::{outside, target};
use locospec::spec::run::target::{Target, TargetError};
use locospec::spec::run::{Options, run_case};
use locospec::spec::verdict::{CaseReport, Summary, Verdict};
use locospec::spec::yaml::{Located, parse, text_of};

/// One trial for each file of vectors, for each quirk that it catches, and those on the bridge.
pub fn trials(corpus: &Arc<Corpus>) -> Vec<Trial> {
    let mut all = Vec::new();
    for case in files(corpus) {
        all.push(file_trial(corpus, case));
        all.extend(case.value.kills.iter().map(|quirk| kill_trial(corpus, case, quirk)));
    }
    let with = |name: &str, run: fn(&Corpus) -> Result<(), Failed>| {
        let corpus = Arc::clone(corpus);
        Trial::test(format!("codec/{name}"), move || run(&corpus))
    };
    all.push(with("our-codec-as-a-program-is-judged-as-in-this-process", same_by_bridge));
    all.push(with("a-program-that-dies-is-started-again", dies));
    all.push(with("a-program-that-answers-everything-fails-everywhere", lies));
    all.push(with("a-program-that-says-nothing-is-given-up", silent));
    all.push(with("a-program-that-stops-answering-is-given-up", stops));
    all.push(with("a-program-that-talks-nonsense-fails", nonsense));
    all.push(with("a-program-that-is-not-there-could-not-run", absent));
    all.extend([("python3", "codec.py"), ("node", "codec.mjs")].map(|(name, file)| template(corpus, name, file)));
    all.extend(["loco-protocol", "python"].map(|name| interop(corpus, name)));
    all
}

/// Somebody else's codec fails what its baseline says, as it says, and nothing else. Its `run.sh` makes the program;
/// where it has not been made this is told.
fn interop(corpus: &Arc<Corpus>, name: &str) -> Trial {
    let corpus = Arc::clone(corpus);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/interop").join(name);
    let read = Sut::read(&dir.join("sut.yaml"));
    let program = read.as_ref().ok().and_then(|s| s.value.launch.as_ref()?.command.first());
    let there = program.is_none_or(|p| Path::new(p).exists());
    let run = move || {
        let sut = read.map_err(|all| all.iter().map(|d| format!("{d}\n")).collect::<String>())?.value;
        let (launch, known) = (sut.launch.ok_or("it has no `launch`")?, baseline(&dir.join("baseline.yaml"))?);
        let options = Options { eras: sut.eras.0, ..Options::default() };
        let mut found = BTreeMap::new();
        for case in files(&corpus) {
            let report = run_case(&corpus, case, &mut |_| Ok(outside(&launch, PATIENCE)), &options);
            let checks = report.instances.iter().flat_map(|i| i.checks.iter().map(|c| (&i.id, c)));
            let failed = checks.filter(|(_, c)| c.verdict.is_failure());
            found.extend(failed.map(|(id, c)| (format!("{id}#{}", c.check), c.verdict.word().to_owned())));
        }
        let only = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| -> Vec<String> {
            a.iter().filter(|(k, v)| b.get(*k) != Some(v)).map(|(k, v)| format!("{k} {v}")).collect()
        };
        let (new, gone) = (only(&found, &known), only(&known, &found));
        if new.is_empty() && gone.is_empty() { Ok(()) } else { Err(format!("new: {new:#?}\ngone: {gone:#?}").into()) }
    };
    Trial::test(format!("interop/{name}"), run).with_ignored_flag(!there)
}

/// The checks that are known to fail, and how.
fn baseline(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let name = path.display().to_string();
    let text = text_of(path, &name).map_err(|d| d.to_string())?;
    let read = parse::<Lit>(&name, &text).map_err(|d| d.to_string())?;
    let Some(Lit::Seq(entries)) = read.value.get("entries") else { return Err(format!("{name}: no entries")) };
    let word = |e: &Lit, key: &str| e.get(key).and_then(Lit::as_str).map(str::to_owned);
    let pair = |e: &Lit| word(e, "check").zip(word(e, "expect")).ok_or_else(|| format!("{name}: {e} says too little"));
    entries.iter().map(pair).collect()
}

/// The templates answer, and what they say that they have is right. Where there is no such interpreter it is told.
fn template(corpus: &Arc<Corpus>, interpreter: &'static str, file: &'static str) -> Trial {
    let corpus = Arc::clone(corpus);
    let there = std::process::Command::new(interpreter).arg("--version").output().is_ok();
    let run = move || {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/spec/interop/templates/").to_owned() + file;
        let case = files(&corpus).find(|c| c.value.case == "vectors.headers").ok_or("no such vectors")?;
        let launch = program(&[interpreter, &path]);
        let report = run_case(&corpus, case, &mut |_| Ok(outside(&launch, PATIENCE)), &Options::default());
        let bare = report.instances.iter().find(|i| i.id == "vectors.headers[no-body]").ok_or("no such vector")?;
        let verdicts: Vec<(&str, Verdict)> = bare.checks.iter().map(|c| (c.check.as_str(), c.verdict)).collect();
        let right = verdicts == [("decode", Verdict::Pass), ("encode", Verdict::Unimplemented)];
        if right { Ok(()) } else { Err(format!("{verdicts:?}\n{}", report.explain()).into()) }
    };
    Trial::test(format!("codec/template/{file}"), run).with_ignored_flag(!there)
}

fn own(quirks: &[CodecQuirk]) -> Own {
    Own::new(quirks, Entropy::named(1, "codec"))
}

/// The files of vectors, as the cases that they are.
fn files(corpus: &Corpus) -> impl Iterator<Item = &Located<Case>> {
    corpus.cases.iter().filter(|c| c.value.role == Role::Codec)
}

/// One codec for one file.
fn asked(corpus: &Corpus, case: &Located<Case>, codec: Own, options: &Options) -> CaseReport {
    let mut codec = Some(codec);
    let none = || TargetError::Unreachable("one codec is enough for a file".into());
    run_case(corpus, case, &mut |_| codec.take().map(target).ok_or_else(none), options)
}

fn file_trial(corpus: &Arc<Corpus>, case: &Located<Case>) -> Trial {
    let (corpus, case) = (Arc::clone(corpus), case.clone());
    Trial::test(case.value.case.replacen('.', "/", 1), move || {
        let report = asked(&corpus, &case, own(&[]), &Options::default());
        let mut summary = Summary::default();
        summary.add(&report);
        if summary.exit_code() == 0 { Ok(()) } else { Err(format!("{summary}\n{}", report.explain()).into()) }
    })
}

fn kill_trial(corpus: &Arc<Corpus>, case: &Located<Case>, quirk: &str) -> Trial {
    let (corpus, case, quirk) = (Arc::clone(corpus), case.clone(), quirk.to_owned());
    Trial::test(format!("kills/{}/{quirk}", case.value.case), move || {
        let Some(q) = CodecQuirk::parse(&quirk) else { return Err(format!("no quirk `{quirk}`").into()) };
        let options = Options { stop_at_failure: true, ..Options::default() };
        let report = asked(&corpus, &case, own(&[q]), &options);
        if report.verdict().is_failure() { Ok(()) } else { Err(format!("passes with the quirk {quirk}").into()) }
    })
}

fn program(command: &[&str]) -> Launch {
    Launch { command: command.iter().map(|w| (*w).to_owned()).collect(), ..Launch::default() }
}

fn ours(more: &[&str]) -> Launch {
    program(&[&[env!("CARGO_BIN_EXE_locospec"), "codec"], more].concat())
}

fn shell(script: &str) -> Launch {
    program(&["sh", "-c", script])
}

/// What somebody comes to on the files in whose names one of these words is, and why.
fn judged(corpus: &Corpus, only: &[&str], mut make: impl FnMut() -> Box<dyn Target>) -> (Summary, String) {
    let (mut summary, mut why) = (Summary::default(), String::new());
    for case in files(corpus).filter(|c| only.is_empty() || only.contains(&c.value.case.as_str())) {
        let report = run_case(corpus, case, &mut |_| Ok(make()), &Options::default());
        why.push_str(&report.explain());
        summary.add(&report);
    }
    (summary, why)
}

fn by_program(corpus: &Corpus, only: &[&str], launch: &Launch, patience: Duration) -> (Summary, String) {
    judged(corpus, only, || outside(launch, patience))
}

fn demand(right: bool, (summary, why): &(Summary, String)) -> Result<(), Failed> {
    if right { Ok(()) } else { Err(format!("{summary}\n{}", why.chars().take(4000).collect::<String>()).into()) }
}

fn same_by_bridge(corpus: &Corpus) -> Result<(), Failed> {
    let here = judged(corpus, &[], || target(own(&[])));
    let there = by_program(corpus, &[], &ours(&[]), PATIENCE);
    demand(here.0 == there.0 && there.0.exit_code() == 0 && there.0.instances > 1000, &there)
}

fn dies(corpus: &Corpus) -> Result<(), Failed> {
    let got = by_program(corpus, &["vectors.headers-wrong"], &ours(&["--quirk", "dies-of-bad-method"]), PATIENCE);
    let crashed = got.0.count(Verdict::Crashed);
    demand(crashed == 22 && got.0.count(Verdict::Pass) > 15 && got.1.contains("planted: method"), &got)
}

fn lies(corpus: &Corpus) -> Result<(), Failed> {
    let everything = "while read l; do echo '{\"ok\": {\"ops\": [\"decode\"]}}'; done";
    for liar in [ours(&["--quirk", "answers-everything"]), shell(everything)] {
        let got = by_program(corpus, &[], &liar, PATIENCE);
        let all: usize = got.0.checks.values().sum();
        demand(got.0.count(Verdict::Fail) == all && all > 1000 && got.0.exit_code() == 1, &got)?;
    }
    Ok(())
}

fn silent(corpus: &Corpus) -> Result<(), Failed> {
    let got = by_program(corpus, &["vectors.headers"], &shell("sleep 600"), Duration::from_millis(200));
    let all: usize = got.0.checks.values().sum();
    demand(got.0.count(Verdict::Hung) == all && all > 30 && got.0.exit_code() == 1, &got)
}

fn stops(corpus: &Corpus) -> Result<(), Failed> {
    let script = "read l; echo '{\"error\": \"no\"}'; read l; \
        echo '{\"ok\": {\"ops\": [\"seal\"], \"eras\": [\"2025\"]}}'; read l; sleep 600";
    let got = by_program(corpus, &["vectors.fresh"], &shell(script), Duration::from_millis(300));
    // Started again, it refuses the next request, for that is its first.
    demand(got.0.count(Verdict::Hung) > 0 && got.0.count(Verdict::Pass) == 0 && got.0.exit_code() == 1, &got)
}

fn nonsense(corpus: &Corpus) -> Result<(), Failed> {
    let both = "while read l; do echo '{\"ok\": 1, \"error\": 2}'; done";
    for script in ["while read l; do echo 'yes'; done", both, "yes"] {
        let got = by_program(corpus, &["vectors.fresh"], &shell(script), PATIENCE);
        demand(got.0.count(Verdict::Pass) == 0 && got.0.exit_code() == 1, &got)?;
    }
    let gone = by_program(corpus, &["vectors.fresh"], &shell("exit 7"), PATIENCE);
    demand(gone.0.count(Verdict::Crashed) > 0 && gone.0.exit_code() == 1 && gone.1.contains('7'), &gone)
}

fn absent(corpus: &Corpus) -> Result<(), Failed> {
    let got = by_program(corpus, &[], &program(&["/no/such/codec"]), PATIENCE);
    demand(got.0.exit_code() == 3 && got.1.contains("/no/such/codec"), &got)
}
