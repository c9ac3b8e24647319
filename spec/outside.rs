//! A client under test on real sockets: our own through its line protocol, and adapters that lie, die or hang.

use std::sync::{Arc, Mutex, PoisonError};

use locospec::proto::secure::Era;
use locospec::spec::corpus::Corpus;
use locospec::spec::format::Case;
use locospec::spec::format::sut::{Launch, Speaks};
use locospec::spec::run::outside::Outside;
use locospec::spec::run::{Options, run_case, tcp};
use locospec::spec::verdict::{CaseReport, Summary, Verdict};
use locospec::spec::yaml::Located;

type Failed = Box<dyn std::error::Error>;

/// How many times faster our timers run where a case is about them.
const TIME_SCALE: f64 = 60.0;
/// The same for heartbeats, which have a second to spare in a minute.
const HEARTBEAT_SCALE: f64 = 20.0;
/// Most of a case's time is waiting for what must not come.
const AT_ONCE: usize = 16;

fn corpus() -> Corpus {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    match Corpus::load(&root) {
        Ok(c) => c,
        Err(errors) => panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()),
    }
}

fn ours(more: &[&str]) -> Launch {
    let mut command = vec![env!("CARGO_BIN_EXE_locospec").to_owned(), "client".into(), "--lines".into()];
    command.extend(more.iter().map(|s| (*s).to_owned()));
    Launch { command, ..Launch::default() }
}

/// What a shell does as an adapter.
fn shell(script: &str) -> Launch {
    Launch { command: ["sh", "-c", script].map(str::to_owned).to_vec(), ..Launch::default() }
}

fn client(launch: Launch, speaks: Speaks) -> Result<Arc<Outside>, Failed> {
    Ok(Outside::new(launch, speaks, TIME_SCALE, None)?)
}

fn slower(launch: Launch) -> Result<Arc<Outside>, Failed> {
    Ok(Outside::new(launch, Speaks::Lines, HEARTBEAT_SCALE, None)?)
}

fn one(corpus: &Corpus, client: &Arc<Outside>, name: &str, era: Era) -> Result<CaseReport, Failed> {
    let case = corpus.cases.iter().find(|c| c.value.case == name).ok_or("no such case")?;
    let (options, runtime) = (Options { eras: vec![era], ..Options::default() }, tcp::runtime()?);
    Ok(run_case(corpus, case, &mut |era| Ok(Box::new(client.target(&runtime, era)?)), &options))
}

/// The verdicts of a report without repetitions, in their order.
fn verdicts(report: &CaseReport) -> Vec<Verdict> {
    let mut all: Vec<Verdict> = report.instances.iter().flat_map(|i| &i.checks).map(|c| c.verdict).collect();
    all.dedup();
    all
}

/// Everything that is told of it.
fn details(report: &CaseReport) -> String {
    report.instances.iter().flat_map(|i| &i.checks).flat_map(|c| c.detail.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn our_client_passes_from_outside_what_it_passes_in_process() -> Result<(), Failed> {
    let corpus = corpus();
    // Cases about timers take their time, even when it runs faster: one of each is enough here.
    let beats = |c: &Case| c.needs.all_of.iter().any(|p| p == "virtual-time");
    let wanted = |c: &Case, era: Era| !beats(c) || (era == Era::E2025 && c.tags.iter().any(|t| t == "smoke"));
    let mut all: Vec<(&Located<Case>, Era)> = Vec::new();
    for case in corpus.cases.iter().filter(|c| c.file.contains("cases/client/")) {
        // One era of each case, another one from case to case.
        let eras: Vec<Era> = case.value.eras.0.iter().copied().filter(|e| wanted(&case.value, *e)).collect();
        all.extend(eras.get(all.len() % eras.len().max(1)).map(|e| (case, *e)));
    }
    let (next, reports) = (Mutex::new(all.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|s| {
        for _ in 0..AT_ONCE {
            s.spawn(|| {
                let client = client(ours(&[]), Speaks::Lines).map_err(|e| e.to_string());
                let next = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let (Ok(client), Ok(slower), Ok(runtime)) = (client, slower(ours(&[])), tcp::runtime()) else { return };
                while let Some((case, era)) = next() {
                    let client = if beats(&case.value) { &slower } else { &client };
                    let options = Options { eras: vec![era], ..Options::default() };
                    let report =
                        run_case(&corpus, case, &mut |era| Ok(Box::new(client.target(&runtime, era)?)), &options);
                    reports.lock().unwrap_or_else(PoisonError::into_inner).push((case, era, report));
                }
            });
        }
    });
    let mut summary = Summary::default();
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Its timers run as fast as the case's clock: in a crowd on a busy machine a reply may come too late for them. Who
    // fails is asked once more, alone.
    for (case, era, report) in reports.iter_mut().filter(|(_, _, r)| r.verdict() > Verdict::Tolerated) {
        let alone = if beats(&case.value) { slower(ours(&[]))? } else { client(ours(&[]), Speaks::Lines)? };
        let (options, runtime) = (Options { eras: vec![*era], ..Options::default() }, tcp::runtime()?);
        *report = run_case(&corpus, case, &mut |era| Ok(Box::new(alone.target(&runtime, era)?)), &options);
    }
    let reports: Vec<CaseReport> = reports.into_iter().map(|(_, _, r)| r).collect();
    reports.iter().for_each(|r| summary.add(r));
    println!("{summary}");
    let failed = reports.iter().filter(|r| r.verdict() > Verdict::Tolerated);
    let failed: Vec<String> = failed.map(CaseReport::explain).collect();
    assert!(failed.is_empty(), "{summary}\n{}", failed.join("\n"));
    assert!(reports.len() > 20 && summary.count(Verdict::Pass) > 300, "{summary}");
    Ok(())
}

#[test]
fn a_wrong_client_is_caught_from_outside() -> Result<(), Failed> {
    let corpus = corpus();
    for (quirk, case) in [
        ("matches-by-order", "chat.push-before-reply"),
        ("resends-blindly", "chat.lost-acknowledgement"),
        ("ignores-login-status", "login.refused-token"),
        ("never-pings", "heartbeat.pings"),
    ] {
        let client = slower(ours(&["--quirk", quirk]))?;
        let report = one(&corpus, &client, case, Era::E2025)?;
        assert!(report.verdict().is_failure(), "{quirk} is not caught by {case}");
    }
    Ok(())
}

#[test]
fn an_adapter_that_says_yes_to_all_fails_every_check() -> Result<(), Failed> {
    let script = "n=0; while read -r l; do n=$((n+1)); echo \"{\\\"id\\\":$n,\\\"ok\\\":true,\\\"operations\\\":[],\\\"events\\\":[]}\"; done";
    let client = client(shell(script), Speaks::Lines)?;
    let report = one(&corpus(), &client, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report), [Verdict::Fail]);
    assert!(report.instances.iter().all(|i| i.checks.len() > 4), "not one for all");
    assert!(details(&report).contains("it is lying"), "{}", details(&report));
    Ok(())
}

/// An adapter that has these operations and events, and then does what `at` says for `connect` and `login`.
fn adapter(operations: &str, events: &str, at: &str) -> Launch {
    let hello = format!("\\\"ok\\\":true,\\\"operations\\\":[{operations}],\\\"events\\\":[{events}]");
    shell(&format!(
        "n=0; say() {{ echo \"{{\\\"id\\\":$n,$1}}\"; }}; yes='\"ok\":true'\nwhile read -r l; do n=$((n+1)); case \"$l\" in\n\
         *'\"op\":\"hello\"'*) say \"{hello}\";;\n{at}\n*) say '\"unimplemented\":\"\"';; esac; done"
    ))
}

const LOGIN: &str = "\\\"connect\\\",\\\"login\\\"";
const CONNECT: &str = "*'\"op\":\"connect\"'*) say \"$yes\";;";

#[test]
fn what_an_adapter_lacks_is_unimplemented() -> Result<(), Failed> {
    let corpus = corpus();
    let none = client(adapter("", "", CONNECT), Speaks::Lines)?;
    let report = one(&corpus, &none, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report), [Verdict::Unimplemented], "{}", report.explain());
    assert!(details(&report).contains("the operation `login`"));
    let mut summary = Summary::default();
    summary.add(&report);
    assert_eq!(summary.exit_code(), 3, "nothing was judged");
    Ok(())
}

#[test]
fn an_adapter_that_dies_has_crashed_and_a_silent_one_hangs() -> Result<(), Failed> {
    let corpus = corpus();
    let dies = format!("{CONNECT}\n*'\"op\":\"login\"'*) echo 'out of luck' >&2; exit 7;;");
    let dies = client(adapter(LOGIN, "", &dies), Speaks::Lines)?;
    let report = one(&corpus, &dies, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report), [Verdict::Crashed, Verdict::CouldNotRun], "{}", report.explain());
    let told = details(&report);
    assert!(told.contains("exit status: 7") && told.contains("stderr: out of luck"), "{told}");

    let later = format!("{CONNECT}\n*'\"op\":\"login\"'*) say \"$yes\"; exit 7;;");
    let later = client(adapter(LOGIN, "", &later), Speaks::Lines)?;
    let report = one(&corpus, &later, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report).first(), Some(&Verdict::Crashed), "{}", report.explain());

    let silent = format!("{CONNECT}\n*'\"op\":\"login\"'*) ;;");
    let silent = client(adapter(LOGIN, "", &silent), Speaks::Lines)?;
    let report = one(&corpus, &silent, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report), [Verdict::Hung, Verdict::CouldNotRun], "{}", report.explain());

    let idle = format!("{CONNECT}\n*'\"op\":\"login\"'*) say \"$yes\";;");
    let idle = client(adapter(LOGIN, "", &idle), Speaks::Lines)?;
    let report = one(&corpus, &idle, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report).first(), Some(&Verdict::Hung), "{}", report.explain());
    assert!(details(&report).contains("nobody connected"));

    let babbles = format!("{CONNECT}\n*'\"op\":\"login\"'*) echo hello;;");
    let babbles = client(adapter(LOGIN, "", &babbles), Speaks::Lines)?;
    let report = one(&corpus, &babbles, "entry.comes-in", Era::E2025)?;
    assert_eq!(verdicts(&report).first(), Some(&Verdict::Fail), "{}", report.explain());
    assert!(details(&report).contains("no JSON"));
    Ok(())
}

#[test]
fn a_spawned_client_is_judged_by_what_it_sends() -> Result<(), Failed> {
    let corpus = corpus();
    let run = |script: &str| -> Result<CaseReport, Failed> {
        one(&corpus, &client(shell(script), Speaks::Spawn)?, "entry.comes-in", Era::E2025)
    };
    let report = run("exit 89")?;
    assert_eq!(verdicts(&report), [Verdict::Unimplemented], "{}", report.explain());
    let report = run("echo no >&2; exit 1")?;
    assert_eq!(verdicts(&report).first(), Some(&Verdict::Crashed), "{}", report.explain());
    let report = run("sleep 60")?;
    assert_eq!(verdicts(&report).first(), Some(&Verdict::Hung), "{}", report.explain());
    let binary = env!("CARGO_BIN_EXE_locospec");
    let request = "{\\\"id\\\":1,\\\"op\\\":\\\"connect\\\",\\\"era\\\":\\\"$LOCOSPEC_ERA\\\",\\\"addr\\\":\\\"$LOCOSPEC_ADDR\\\",\\\"ca\\\":\\\"$LOCOSPEC_CA\\\",\\\"rsa_pub\\\":\\\"$LOCOSPEC_RSA_PUB\\\",\\\"user\\\":$LOCOSPEC_USER_JSON}";
    let script =
        format!("{{ echo \"{request}\"; echo '{{\"id\":2,\"op\":\"login\"}}'; sleep 60; }} | {binary} client --lines");
    let report = run(&script)?;
    assert_eq!(verdicts(&report), [Verdict::Pass, Verdict::Unimplemented, Verdict::Pass], "{}", report.explain());
    Ok(())
}
