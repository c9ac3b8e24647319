//! Every case of the spec as a named test: `cargo test --test spec frame/` runs that folder.
//!
//! Beside the cases themselves (`server/frame/id-echo`, eras and values inside) there is one test for each quirk that
//! a case says it catches (`kills/chat.write.fanout-two-members/push-twice`): with the quirk on, the case must fail.
//! Files of vectors are `vectors/headers` and so on, in `codecs.rs`.
//! And there is one for each scenario that once failed, `regressions/leave-in-doubt`: whoever finds one puts its file into
//! `sims/regressions`.

mod codecs;
mod liars;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use locospec::net::serve::{BATCH_MAX, Doors, Part, Setup, Threads, Unwrapper, serve};
use locospec::net::tls::{Authority, connector};
use locospec::net::{Clock, Tcp};
use locospec::proto::command::Door;
use locospec::proto::entropy::Entropy;
use locospec::proto::quirk::{Quirk, Quirks};
use locospec::proto::secure::KeyRing;
use locospec::proto::server::{Config, Server};
use locospec::sim::scenario::Scenario;
use locospec::spec::corpus::{Corpus, yaml_files};
use locospec::spec::coverage::{Coverage, coverage};
use locospec::spec::format::{Case, Role};
use locospec::spec::judge::{Plan, run_all};
use locospec::spec::run::target::TargetError;
use locospec::spec::run::tcp::{self, Attach, TcpTarget};
use locospec::spec::run::{Options, reference, run_case};
use locospec::spec::verdict::{CaseReport, Summary, Verdict};
use locospec::spec::yaml::{Located, parse, text_of};
use locospec::store::{Database, World};
use tokio_rustls::TlsAcceptor;

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
    let reached = coverage(&corpus);
    if !args.list {
        println!("{reached}");
    }
    let mut trials = vec![coverage_trial(reached)];
    for case in corpus.cases.iter().filter(|c| c.value.role != Role::Codec) {
        trials.push(case_trial(&corpus, case));
        for quirk in &case.value.kills {
            trials.push(kill_trial(&corpus, case, quirk));
        }
    }
    trials.extend(codecs::trials(&corpus));
    trials.extend(must_fail_trials(&corpus, &root));
    trials.extend(must_pass_trials(&corpus, &root));
    trials.extend(liars::trials(&corpus, &root));
    trials.extend(regression_trials());
    trials.push(sockets_trial(&corpus));
    libtest_mimic::run(&args, trials).exit();
}

/// Nothing that must hold goes without a case, unless the requirement says why.
fn coverage_trial(reached: Coverage) -> Trial {
    Trial::test("coverage", move || match reached.open.as_slice() {
        [] => Ok(()),
        open => Err(format!("proved by no case and not excluded: {}", open.join(" ")).into()),
    })
}

/// The smoke cases once more, over sockets against the driver that `locospec serve` runs.
fn sockets_trial(corpus: &Arc<Corpus>) -> Trial {
    let corpus = Arc::clone(corpus);
    Trial::test("sockets/server/smoke", move || {
        let (ready, doors) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let keys = KeyRing::test();
        let public = keys.public_ring();
        let authority = Authority::generate()?;
        let acceptor = authority.acceptor()?;
        let server = std::thread::spawn(move || serve_until(keys, acceptor, &ready, stopped));
        let doors = doors.recv_timeout(Duration::from_secs(20))?;
        let tls = Some(connector(authority.cert_pem())?);
        let attach = Attach { doors, public, tls, clock: Clock::system() };
        let runtime = tcp::runtime()?;
        let plan = Plan { only: vec!["smoke".into()], ..Plan::default() };
        let mut report = String::new();
        let summary = run_all(
            &corpus,
            &plan,
            &mut |case, _| match case.role {
                Role::Server => Ok(Box::new(TcpTarget::new(attach.clone(), runtime.clone()))),
                _ => Err(TargetError::Unimplemented("a client".into())),
            },
            &mut |r| report.push_str(&r.explain()),
        );
        let _ = stop.send(());
        let ended = server.join().map_err(|_| "the server panicked")?;
        ended?;
        let right = !summary.checks.keys().any(|v| v.is_failure()) && summary.count(Verdict::Pass) > 100;
        if right { Ok(()) } else { Err(format!("{summary}\n{report}").into()) }
    })
}

/// Serves the default world on ports of its own until it is told to stop.
fn serve_until(
    keys: KeyRing,
    tls: TlsAcceptor,
    ready: &std::sync::mpsc::Sender<BTreeMap<Door, SocketAddr>>,
    stopped: tokio::sync::oneshot::Receiver<()>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let doors = Doors::bind(&Tcp, &Door::ALL.map(|d| (d, any))).await.map_err(|e| e.to_string())?;
        let addrs: BTreeMap<Door, SocketAddr> = Door::ALL.iter().filter_map(|d| Some((*d, doors.addr(*d)?))).collect();
        let port = |d| addrs.get(&d).map_or(0, SocketAddr::port);
        let config =
            Config { ticket_port: port(Door::Ticket), carriage_port: port(Door::Carriage), ..Config::default() };
        let clock = Clock::system();
        let mut db = Database::in_memory().map_err(|e| e.to_string())?;
        let seeded = db.begin().and_then(|mut unit| {
            World::default_world().seed(&mut unit, clock.now())?;
            unit.commit()
        });
        seeded.map_err(|e| e.to_string())?;
        let unwrapper = Unwrapper::Threads(Threads::new(keys, Entropy::named(1, "unwrap")));
        let setup = Setup {
            tls: Some(tls),
            clock,
            unwrapper,
            observer: None,
            pace: None,
            operator: None,
            batch: BATCH_MAX,
            part: Part::default(),
        };
        ready.send(addrs).map_err(|e| e.to_string())?;
        let stop = async {
            let _ = stopped.await;
        };
        serve(Tcp, doors, Server::new(config, Entropy::named(2, "serve")), db, setup, stop)
            .await
            .map_err(|e| e.to_string())
    })
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

/// Cases that the reference must pass, and that say nothing of a requirement: a judge that cannot be content is of no use
/// either.
fn must_pass_trials(corpus: &Arc<Corpus>, root: &Path) -> Vec<Trial> {
    let files = yaml_files(&root.join("selftest/must-pass"));
    assert!(!files.is_empty(), "no cases that must pass");
    let trial = |(path, name): (std::path::PathBuf, String)| {
        let corpus = Arc::clone(corpus);
        Trial::test(format!("selftest/must-pass/{}", name.trim_end_matches(".yaml")), move || {
            let case = parse::<Case>(&name, &text_of(&path, &name)?)?;
            let report = run(&corpus, &case, Quirks::NONE, &Options::default());
            let right = !report.instances.is_empty() && report.verdict() <= Verdict::Tolerated;
            if right { Ok(()) } else { Err(report.explain().into()) }
        })
    };
    files.into_iter().map(trial).collect()
}

/// Scenarios of the simulator that once failed and hold now.
fn regression_trials() -> Vec<Trial> {
    let files = yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sims/regressions"));
    assert!(!files.is_empty(), "no regressions at all");
    let trial = |(path, name): (std::path::PathBuf, String)| {
        Trial::test(format!("regressions/{}", name.trim_end_matches(".yaml")), move || {
            let outcome = locospec::sim::run::run(&Scenario::read(&path)?);
            let story = outcome.violations.iter().map(|v| format!("\n{v}")).collect::<String>();
            if story.is_empty() { Ok(()) } else { Err(format!("{}{story}", path.display()).into()) }
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
