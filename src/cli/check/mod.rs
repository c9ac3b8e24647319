//! `locospec check`: the cases of the spec against the reference in this process, or against anybody's implementation.
//!
//! | file | what it knows |
//! | --- | --- |
//! | here | the order of things |
//! | `args` | the arguments |
//! | `choose` | which cases, and why not the others |
//! | `source`, `attach`, `world` | an implementation as a source of targets |
//! | `guard` | what a server holds after bad input |
//! | `tell` | what is printed |
//! | `report` | what is written to files; `check report`, `check diff` |

mod args;
mod attach;
mod choose;
mod guard;
mod report;
mod source;
mod tell;
mod world;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

pub use self::args::Args;
use self::args::{CheckArgs, described};
use self::report::To;
use self::source::{Source, can_be_many};
use super::stop::{self, Asked};
use super::{Exit, Failure, Outcome, print, sim, talk};
use crate::net::Clock;
use crate::proto::quirk::Quirks;
use crate::spec::baseline::{Applied, Date, propose};
use crate::spec::corpus::Corpus;
use crate::spec::format::requirement::Level;
use crate::spec::format::sut::{Sut, WorldKind};
use crate::spec::format::{Case, Role};
use crate::spec::judge::{Plan, Worker, levels, run_jobs};
use crate::spec::lint;
use crate::spec::report::{CaseLine, FORMAT, Head, Run};
use crate::spec::run::leftovers::{self, wait_if_over};
use crate::spec::run::target::TargetError;
use crate::spec::run::{Life, Options, run_case, tcp};
use crate::spec::verdict::{CaseReport, Summary, Verdict, Weight};
use crate::spec::yaml::{Diagnostic, Located};

/// Runs the cases; the exit code is that of the spec: 1 wrong, 2 usage, 3 incomplete, 4 a fault of the judge. Stopped by
/// SIGINT, SIGTERM, SIGHUP or SIGQUIT it ends what it has started, and is incomplete.
///
/// # Errors
/// A spec that does not hold, an implementation that cannot be started or reached, a file that cannot be used.
pub fn run(args: &Args) -> Outcome {
    if let Some(other) = &args.other {
        return report::run(other);
    }
    stop::in_thread(stopped)?;
    let outcome = check(&args.check);
    wait_if_over();
    outcome
}

/// Waits for a signal, ends what the judge has started, then the judge. At a second signal it waits for nobody.
async fn stopped(mut asked: Asked) {
    let why = asked.next().await;
    talk!("stopped by {why}: what was started is ended, and nothing is judged of what was to come");
    tokio::select! {
        biased;
        () = leftovers::end_all() => (),
        _ = asked.next() => leftovers::kill_all(),
    }
    std::process::exit(i32::from(Exit::Incomplete as u8));
}

fn check(args: &CheckArgs) -> Outcome {
    let corpus = load(args.spec.as_deref())?;
    let named = args.who.sut()?;
    let reference = named.is_none();
    let sut = named.unwrap_or_else(|| described("reference", Role::Server, WorldKind::InProcess, None));
    let mut plan = choose::plan(&corpus, args, &sut, reference)?;
    if args.list {
        let cases = plan.cases(&corpus);
        return print(choose::list(&cases)).map(|()| Exit::Ok);
    }
    let clock = Clock::system();
    let baseline = args.baseline.as_ref().map(|f| Applied::read(f, Date::of(clock.now())).map_err(|all| lines(&all)));
    let baseline = baseline.transpose()?;
    args.report.iter().map(To::file).chain(args.write_baseline.as_deref()).try_for_each(super::files::make_room)?;
    let quirks = args.who.quirk.iter().fold(Quirks::NONE, |all, q| all.with(*q));
    let jobs = if args.plan { 1 } else { how_many(args.jobs, &sut)? };
    let sources = (0..jobs).map(|job| Source::start(&sut, quirks, job)).collect::<Result<Vec<_>, _>>()?;
    if sources.iter().any(|s| !s.old) {
        plan.options.eras.retain(|e| e.is_modern());
    }
    if sut.world != WorldKind::InProcess {
        plan.options.nonce_seed = clock.now().as_micros();
        plan.options.life = Some(Arc::new(Life::default()));
    }
    if args.plan {
        let text = sources.first().map(|s| choose::why(&corpus, &plan, s)).unwrap_or_default();
        return print(text).map(|()| Exit::Ok);
    }
    if args.wait_for_debugger {
        sources.iter().try_for_each(Source::introduce)?;
        talk!("Enter goes on");
        let _ = std::io::stdin().lock().read_line(&mut String::new());
    }
    let head = Head {
        format: FORMAT.to_owned(),
        locospec: env!("CARGO_PKG_VERSION").to_owned(),
        name: sut.name.clone(),
        version: sut.version.clone(),
        role: if reference { vec![Role::Server, Role::Client, Role::Codec] } else { vec![sut.role] },
        again: args.who.again(),
    };
    let done = judge(&corpus, &plan, sources, baseline, args, head)?;
    finish(args, &corpus, done, reference)
}

/// How many jobs: as told, or as many as make sense.
fn how_many(told: Option<u64>, sut: &Sut) -> Result<usize, Failure> {
    let many = can_be_many(sut);
    if !many && told.is_some_and(|j| j > 1) {
        return Err(Failure::usage(
            "--jobs: cases that share one world would meet each other; give each job a server of its own with \
             `launch` and `attach: {dir: \"${scratch}\"}`",
        ));
    }
    // A server on sockets is waited for most of the time.
    let per_processor = if sut.world == WorldKind::InProcess { 1 } else { 3 };
    Ok(match told {
        Some(_) => sim::jobs(told),
        None if many => sim::jobs(None) * per_processor,
        None => 1,
    })
}

/// A run that is over.
struct Done {
    run: Run,
    summary: Summary,
    stale: Vec<Diagnostic>,
    proposed: Option<String>,
}

fn judge(
    corpus: &Corpus,
    plan: &Plan,
    sources: Vec<Source>,
    mut baseline: Option<Applied>,
    args: &CheckArgs,
    head: Head,
) -> Result<Done, Failure> {
    let cases = plan.cases(corpus);
    let bar = progress(cases.len());
    let jobs = sources.len();
    let sources: Vec<Mutex<Option<Source>>> = sources.into_iter().map(|s| Mutex::new(Some(s))).collect();
    let take = |job: usize| sources.get(job)?.lock().unwrap_or_else(PoisonError::into_inner).take();
    let worker = |job: usize| -> Worker<'_> { one_job(corpus, &cases, &plan.options, take(job)) };
    let levels = levels(corpus);
    let binds = |c: &Case| c.proves.iter().any(|r| levels.get(r.as_str()) == Some(&Level::Must));
    let full = args.report.iter().any(To::is_full);
    let mut run = Run { head, cases: Vec::new() };
    let mut summary = Summary::default();
    let mut wrong: Vec<CaseReport> = Vec::new();
    run_jobs(cases.len(), jobs, &worker, &mut |mut report| {
        let case = corpus.case(&report.case).map(|c| &c.value);
        if let Some(b) = &mut baseline {
            b.mark(&mut report);
        }
        let weight = match args.fail_on.as_str() {
            "tolerated" => Weight::Strict,
            "must" if !case.is_some_and(binds) => Weight::Told,
            _ => Weight::Full,
        };
        summary.add_weighed(&report, weight);
        bar.set_message(report.case.clone());
        bar.inc(1);
        run.cases.push(CaseLine::of(&report, case, full || args.verbose || cases.len() == 1));
        if args.write_baseline.is_some() && report.verdict() > Verdict::Tolerated {
            report.instances.iter_mut().for_each(crate::spec::verdict::InstanceReport::forget);
            wrong.push(report);
        }
    });
    bar.finish_and_clear();
    let all = corpus.cases.iter().map(|c| c.value.case.as_str());
    let stale = baseline.as_ref().map(|b| b.faults(all)).unwrap_or_default();
    summary.stale = stale.len();
    Ok(Done { run, summary, stale, proposed: args.write_baseline.is_some().then(|| propose(&wrong)) })
}

/// What one job does: its cases against its source.
fn one_job<'c>(
    corpus: &'c Corpus,
    cases: &'c [&'c Located<Case>],
    options: &'c Options,
    mut source: Option<Source>,
) -> Worker<'c> {
    let runtime = tcp::runtime();
    Box::new(move |n| {
        let Some(case) = cases.get(n) else {
            return CaseReport { case: String::new(), file: String::new(), instances: Vec::new() };
        };
        let report = run_case(
            corpus,
            case,
            &mut |era| match (&mut source, &runtime) {
                (Some(source), Ok(runtime)) => source.target(runtime, &case.value, era),
                (_, Err(e)) => Err(TargetError::Unreachable(e.to_string())),
                (None, _) => Err(TargetError::Unreachable("there is nothing to judge".into())),
            },
            options,
        );
        wait_if_over();
        report
    })
}

/// Prints and writes what came of it.
fn finish(args: &CheckArgs, corpus: &Corpus, done: Done, reference: bool) -> Outcome {
    let Done { run, summary, stale, proposed } = done;
    print(tell::failures(&run, args.verbose || run.cases.len() == 1))?;
    stale.iter().try_for_each(|d| print(format!("{d}\n")))?;
    print(format!("{summary}\n"))?;
    if let (Some(file), Some(text)) = (&args.write_baseline, proposed) {
        super::files::write(file, &text)?;
        print(format!("{}: say why each of these fails, or mend it\n", file.display()))?;
    }
    for to in &args.report {
        to.write(corpus, &run)?;
    }
    let judged = match summary.exit_code() {
        0 => Exit::Ok,
        1 => Exit::Found,
        3 => Exit::Incomplete,
        _ => Exit::Internal,
    };
    // Whoever asks for some cases only, or judges somebody else, does not ask for our simulator.
    let some = [&args.only, &args.requirement, &args.tag].iter().any(|l| !l.is_empty()) || args.level.is_some();
    if !reference || some || args.seeds == 0 {
        return Ok(judged);
    }
    let quirks: Vec<String> = args.who.quirk.iter().map(|q| q.as_str().to_owned()).collect();
    let simulated = sim::hunt(0..args.seeds, None, &quirks, Path::new(sim::KEEP))?;
    Ok(if judged == Exit::Ok { simulated } else { judged })
}

fn progress(cases: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} cases  {msg}");
    ProgressBar::new(cases as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The spec, which must hold in itself before anybody is judged by it.
pub(crate) fn load(dir: Option<&Path>) -> Result<Corpus, Failure> {
    let corpus = read_spec(dir)?;
    let found = lint::corpus(&corpus);
    if found.is_empty() { Ok(corpus) } else { Err(lines(&found)) }
}

fn lines(all: &[Diagnostic]) -> Failure {
    Failure::usage(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// The folder of the spec: as told, that of the tree one stands in, or the one that this program was built from.
pub(crate) fn spec_root(dir: Option<&Path>) -> PathBuf {
    match dir {
        Some(dir) => dir.to_path_buf(),
        None if Path::new("spec/cases").is_dir() => PathBuf::from("spec"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("spec"),
    }
}

/// The spec as its files have it: each is understood, but they may contradict each other.
pub(crate) fn read_spec(dir: Option<&Path>) -> Result<Corpus, Failure> {
    Corpus::load(&spec_root(dir)).map_err(|all| lines(&all))
}
