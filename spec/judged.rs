//! `locospec check` against implementations of every sort, as its users run it: what it says, with which exit code, and
//! that nothing passes for free.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use locospec::proto::secure::KeyRing;
use locospec::spec::run::bytes::Plain;
use locospec::spec::run::peer::Peer;

use crate::usage::{Folder, locospec, refused, said};

const BIN: &str = env!("CARGO_BIN_EXE_locospec");

/// Runs it, wants this exit code, gives stdout and stderr.
fn ends(code: i32, args: &[&str]) -> String {
    let output = locospec(args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    text
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "not {part:?} in {text}");
    }
}

/// Our server, started by the judge in a folder of each job's own.
fn ours(more: &str) -> String {
    format!(
        "format: locospec-sut/1\nname: ours\nversion: \"0\"\nrole: server\n\
         launch:\n  command: [\"{BIN}\", serve, --dir, \"${{scratch}}\"]\n\
         \x20 ready: {{file: \"${{scratch}}/endpoints.json\"}}\nattach: {{dir: \"${{scratch}}\"}}\n{more}"
    )
}

#[test]
fn a_server_that_is_launched_is_judged_and_reported() {
    let f = Folder::new("judged");
    let sut = f.file("sut.yaml", &ours(""));
    let to = |name: &str| Path::new(&f.path()).join(name).display().to_string();
    let reports: Vec<String> = ["junit", "json", "html", "badge"].map(|k| format!("{k}={}", to(k))).to_vec();
    let mut args = vec!["check", "--sut", &sut, "--jobs", "2", "frame/id-echo", "login.rooms"];
    reports.iter().for_each(|r| args.extend(["--report", r]));
    has(&ends(0, &args), &["2 cases, "]);
    let read = |name: &str| fs::read_to_string(to(name)).unwrap_or_default();
    has(&read("junit"), &["<testsuites name=\"ours 0\"", "failures=\"0\"", "name=\"frame.id-echo[2012"]);
    has(&read("html"), &["<!doctype html>", "FRAME-ID-1", "Nothing."]);
    has(&read("badge"), &["<svg ", "requirements", "#1a7f37"]);
    has(&read("json"), &["{\"format\":\"locospec-check/1\"", "\"name\":\"ours\"", "\"protocol\",\"pass\""]);
    // The same with the next version, which is worse.
    let wrong = f.file("wrong.yaml", &ours("").replace("serve,", "serve, --quirk, forgets-packet-id,"));
    let json = format!("json={}", to("wrong.json"));
    let args = ["check", "--sut", &wrong, "--timeout", "1s", "frame/id-echo", "login.rooms", "--report", &json];
    let text = ends(1, &args);
    let again = format!("locospec check --sut {wrong} 'frame.id-echo[2012");
    has(&text, &["frame.id-echo#", " in 2012", &again]);
    has(
        &ends(1, &["check", "diff", &to("json"), &to("wrong.json")]),
        &["worse    frame.id-echo[2012", "0 new, 0 gone"],
    );
    ends(0, &["check", "diff", &to("wrong.json"), &to("json")]);
    let page = to("both.html");
    has(&said(&["check", "report", &to("json"), &to("wrong.json"), "--html", &page]), &["both.html"]);
    let page = fs::read_to_string(&page).unwrap_or_default();
    has(&page, &["on the wire", "packet id ", "expected by <b>"]);
    refused(&["check", "diff", &to("html"), &to("json")], &["html:1: "]);
}

#[test]
fn a_server_that_dies_is_crashed_and_comes_back() {
    let f = Folder::new("dies");
    let hooks = "hooks: {before_case: [sh, -c, \"kill -9 $(cat ${scratch}/pid)\"]}\n";
    let launch =
        format!("[sh, -c, \"echo a last word; echo $$ > ${{scratch}}/pid; exec '{BIN}' serve --dir '${{scratch}}'\"]");
    let text = ours(hooks).replace(&format!("[\"{BIN}\", serve, --dir, \"${{scratch}}\"]"), &launch);
    let sut = f.file("sut.yaml", &text);
    let text = ends(1, &["check", "--sut", &sut, "--jobs", "1", "frame/id-echo", "--era", "2025", "--verbose"]);
    has(&text, &["crashed: frame.id-echo#", "signal: 9", "a last word"]);
    has(&text, &[" 4 crashed"]);
}

#[test]
fn hooks_say_what_they_cannot_make_and_are_told_the_world() {
    let f = Folder::new("hooks");
    let sut = |hook: &str| {
        let more = format!("world: hook\nhooks: {{before_case: [sh, -c, \"{hook}\"]}}\n");
        f.file("sut.yaml", &ours(&more))
    };
    let args = |sut: &str| ends_of(&["check", "--sut", sut, "--jobs", "1", "login.bad-token", "--era", "2019"]);
    let told = Path::new(&f.path()).join("told").display().to_string();
    let (code, text) = args(&sut(&format!("echo $LOCOSPEC_CASE $LOCOSPEC_ERA $LOCOSPEC_WORLD > {told}")));
    assert_eq!(code, Some(0), "{text}");
    let told = fs::read_to_string(told).unwrap_or_default();
    has(&told, &["login.bad-token 2019 ", "\"alice-token\"", "\"members\":[\"alice\",\"bob\"]", "\"rooms_per_page\""]);
    let (code, text) = args(&sut("exit 89"));
    assert_eq!(code, Some(3), "nothing was judged: {text}");
    has(&text, &["runs: ", " unimplemented"]);
    let (code, text) = args(&sut("echo no database; exit 1"));
    assert_eq!(code, Some(3), "{text}");
    has(&text, &["hook sh: exit status: 1 no database"]);
}

fn ends_of(args: &[&str]) -> (Option<i32>, String) {
    let output = locospec(args);
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

/// A port on which somebody does this with every connection.
fn somebody(what: fn(TcpStream)) -> String {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0") else { panic!("no port") };
    let at = listener.local_addr().map(|a| a.to_string()).unwrap_or_default();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || what(stream));
        }
    });
    at
}

/// Answers every packet, whatever it is, with status 0.
fn says_yes(mut stream: TcpStream) {
    let (mut peer, keys) = (Peer::accepted(1), KeyRing::test());
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        for n in peer.receive(&buffer[..n], Some(&keys)) {
            let header = peer.got[n].header;
            let body = bson::doc! {"status": 0}.to_vec().unwrap_or_default();
            let reply = Plain { id: header.id, status: 0, method: header.method.to_string(), body_type: 0, body };
            let bytes = peer.seal(&reply.encode());
            if stream.write_all(&bytes).is_err() {
                return;
            }
        }
    }
}

fn says_nothing(mut stream: TcpStream) {
    while let Ok(1..) = stream.read(&mut [0; 4096]) {}
}

fn public_key(f: &Folder) -> String {
    let pem = KeyRing::test().public_ring().modern.to_pem().unwrap_or_default();
    f.file("rsa.pub.pem", &pem)
}

#[test]
fn a_server_that_answers_everything_with_success_fails() {
    let f = Folder::new("yes");
    let (at, key) = (somebody(says_yes), public_key(&f));
    let args = [
        "check",
        "--server",
        &at,
        "--rsa-pub",
        &key,
        "--era",
        "2025",
        "--timeout",
        "1s",
        "-v",
        "login",
        "frame",
        "members",
    ];
    let text = ends(1, &args);
    // What there is to answer with success is answered; each case that asks for more is not passed.
    has(&text, &["fail: login.bad-token#", "fail: members.", "fail: frame."]);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let f = Folder::new("nothing");
    let (at, key) = (somebody(says_nothing), public_key(&f));
    let text = ends(1, &["check", "--server", &at, "--rsa-pub", &key, "--timeout", "200ms"]);
    has(&text, &["hung: ", "given up: 8 others hung or died before it, and nothing ever came"]);
}

#[test]
fn nobody_who_listens_is_nobody_to_judge() {
    let f = Folder::new("nobody");
    let at = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map(|a| a.to_string()).unwrap_or_default();
    let text = ends(3, &["check", "--server", &at, "--rsa-pub", &public_key(&f)]);
    has(&text, &["nobody to judge: carriage at ", &at, "is the server running?"]);
    let sut = f.file("sut.yaml", &ours("").replace(BIN, "/no/such/server"));
    refused(&["check", "--sut", &sut], &["start /no/such/server: "]);
    let sut = f.file("sut.yaml", &ours("").replace("serve,", "serve, --heartbeat, never,"));
    has(&ends(3, &["check", "--sut", &sut, "--jobs", "1"]), &["ours: the server has ended: exit status: 2", "never"]);
}

#[test]
fn a_baseline_knows_failures_and_must_hold() {
    let f = Folder::new("baseline");
    let check = |code: i32, more: &[&str]| {
        let case = "chat.write.fanout-two-members";
        ends(code, &[&["check", "--quirk", "push-twice", case, "--era", "2025"], more].concat())
    };
    let file = Path::new(&f.path()).join("b.yaml").display().to_string();
    has(&check(1, &["--write-baseline", &file]), &["b.yaml: say why"]);
    let written = fs::read_to_string(&file).unwrap_or_default();
    has(&written, &["format: locospec-baseline/1\nentries:\n- check: \"chat.write.fanout-two-members#"]);
    has(&check(0, &["--baseline", &file]), &["known to fail"]);
    let stale = |more: &str, said: &str| {
        let file = f.file("stale.yaml", &(written.clone() + more));
        has(&check(1, &["--baseline", &file]), &["stale.yaml:", said, "1 entries of the baseline do not hold"]);
    };
    let entry = |check: &str| format!("- check: \"{check}\"\n  expect: fail\n  because: so\n");
    stale(&entry("chat.write.fanout-two-members#ack"), "expects fail and came to pass");
    stale(&entry("no.such.case#ack"), "`no.such.case#ack`: matches no check of this run");
    let expired = written.replacen("  because:", "  expires: \"2020-01-01\"\n  because:", 1);
    let file = f.file("expired.yaml", &expired);
    has(&check(1, &["--baseline", &file]), &["it expired on 2020-01-01"]);
    let bad = f.file("bad.yaml", &format!("{written}  colour: red\n"));
    refused(&["check", "--baseline", &bad, "frame/id-echo"], &["bad.yaml:", "colour"]);
}

#[test]
fn failures_weigh_by_level() {
    let case = ["check", "--quirk", "push-twice", "chat.write.fanout-two-members", "--era", "2025"];
    ends(1, &[&case[..], &["--fail-on", "must"]].concat());
    refused(&[&case[..], &["--fail-on", "may"]].concat(), &["must, should, tolerated"]);
}

#[test]
fn cases_are_chosen_and_the_choice_is_explained() {
    let plan = said(&["check", "--plan", "--requirement", "CHAT-WRITE-4", "--era", "2025"]);
    has(&plan, &["chat.write.fanout-two-members                1 runs: 2025\n", " are not chosen\n"]);
    let f = Folder::new("plan");
    let sut = f.file("sut.yaml", &ours("profiles: [core, chat.text]\neras: [\"2025\"]\n"));
    let plan = said(&["check", "--plan", "--sut", &sut]);
    has(&plan, &["not applicable: needs virtual-time", "not applicable: needs media", " runs: 2025\n"]);
    assert!(!plan.contains("2019"), "{plan}");
    let list = said(&["check", "--list", "--level", "must", "--tag", "smoke"]);
    assert!(list.lines().count() > 5 && list.contains("frame.id-echo"), "{list}");
    refused(&["check", "--requirement", "CHAT-WRITE-44"], &["`CHAT-WRITE-44`; did you mean CHAT-WRITE-4"]);
    refused(&["check", "--tag", "somke"], &["`somke`", "smoke"]);
    refused(&["check", "no-such-case"], &["no case has `no-such-case` in its name"]);
    // A word that names nothing is refused beside one that does, too.
    refused(&["check", "frame/", "chat.wirte"], &["`chat.wirte`", "did you mean chat.write"]);
    refused(&["check", "--plan", "fraem/"], &["`fraem/`", "did you mean frame/"]);
    refused(&["check", "--level", "never"], &["must, should, may, info"]);
    refused(&["check", "--report", "pdf=x"], &["junit, json, html, badge"]);
    has(&said(&["explain", "CHAT-WRITE-4"]), &["proved by\n", "push-to-sender"]);
    has(&said(&["explain", "chat.write.fanout-two-members#once"]), &["expect_none: {check: once"]);
    refused(&["explain", "CHAT-WRIET-4"], &["did you mean CHAT-WRITE-4"]);
}

#[test]
fn a_description_that_does_not_hold_is_refused_with_its_place() {
    let f = Folder::new("sut");
    let of = |more: &str| f.file("sut.yaml", &ours(more));
    refused(&["check", "--sut", &of("colour: red\n")], &["sut.yaml:9:1: unknown field `colour`"]);
    refused(&["check", "--sut", &of("world: hook\n")], &["sut.yaml:9:1: `hook` needs hooks.before_case"]);
    refused(
        &["check", "--sut", &of("profiles: [chat.txt]\n")],
        &["no profile is called `chat.txt`; did you mean chat.text?"],
    );
    refused(&["check", "--sut", "/nowhere/sut.yaml"], &["/nowhere/sut.yaml:1:1: cannot be read"]);
    let attached = ours("").replace("${scratch}", "/tmp");
    let sut = f.file("sut.yaml", &attached);
    refused(&["check", "--sut", &sut, "--jobs", "4"], &["--jobs", "${scratch}"]);
}

#[test]
fn time_that_runs_faster_reaches_the_cases_about_time() {
    let f = Folder::new("scaled");
    let text = ours("time_scale: 60\n").replace("serve,", "serve, --time-scale, \"60\",");
    let sut = f.file("sut.yaml", &text);
    let text = ends(0, &["check", "--sut", &sut, "--jobs", "2", "heartbeat.idle", "--era", "2025"]);
    assert!(!text.contains("not-applicable"), "{text}");
}

#[test]
fn where_reports_go_is_looked_at_before_the_first_case() {
    let f = Folder::new("places");
    let to = |name: &str| Path::new(&f.path()).join(name).display().to_string();
    let page = to("made/for/page.html");
    ends(0, &["check", "frame.id-echo", "--seeds", "0", "--report", &format!("html={page}")]);
    assert!(Path::new(&page).is_file());
    let file = f.file("file", "");
    let (inside, folder) = (format!("junit={file}/x.xml"), format!("badge={}", f.path()));
    // Who ran a case would say so.
    for (to, said) in [(&inside, file.as_str()), (&folder, "is a folder, not a file")] {
        let output = locospec(&["check", "frame.id-echo", "--report", to]);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{to}");
        has(&String::from_utf8_lossy(&output.stderr), &[said]);
    }
    refused(&["check", "frame.id-echo", "--write-baseline", &f.path()], &["is a folder, not a file"]);
}

/// An adapter that says nothing.
fn adapter(command: &str) -> String {
    format!(
        "format: locospec-sut/1\nname: mine\nversion: \"0\"\nrole: client\neras: [\"2025\"]\nspeaks: lines\nlaunch: {command}\n"
    )
}

#[test]
fn a_program_that_is_not_there_is_told_once() {
    let f = Folder::new("no-program");
    let of = |command: &str| f.file("sut.yaml", &adapter(command));
    refused(&["check", "--sut", &of("{command: [pythn3, a.py]}")], &["mine: launch: there is no program `pythn3` in"]);
    refused(&["check", "--sut", &of("{command: [./client]}")], &["mine: launch: there is no ", "client"]);
    f.file("client", "no program");
    refused(&["check", "--sut", &of("{command: [./client]}")], &["client is no program that can be run"]);
    refused(&["check", "--sut", &of("python3 a.py")], &["sut.yaml:7:9", "a map: {command: [program, argument]}"]);
}

#[test]
fn an_adapter_that_dies_at_once_is_given_up_and_told_briefly() {
    let f = Folder::new("dies");
    let sut = f.file("sut.yaml", &adapter("{command: [sh, -c, \"echo boom >&2; exit 7\"]}"));
    let text = ends(1, &["check", "--sut", &sut, "--jobs", "1"]);
    has(&text, &["exit status: 7", "stderr: boom", " more checks in 2025", "8 others hung or died before it"]);
    assert!(text.matches("stderr: boom").count() <= 8, "{text}");
}

#[test]
fn an_instance_or_era_that_there_is_not_is_told_with_those_that_are() {
    let f = Folder::new("instances");
    let sut = f.file("sut.yaml", &adapter("{command: [sh]}"));
    refused(&["check", "--sut", &sut, "entry.comes-in[2026]"], &["its instances are entry.comes-in[2025]"]);
    refused(&["check", "--sut", &sut, "--era", "2023"], &["mine: `eras` does not have 2023"]);
    // With brackets it is the name of a case, not a part of one.
    has(&said(&["check", "--list", "vectors.headers[no-body]"]), &["vectors.headers "]);
    assert_eq!(said(&["check", "--list", "vectors.headers[no-body]"]).lines().count(), 1);
    let page = f.file("page.html", "<!doctype html>");
    refused(&["check", "diff", &page, &page], &["page.html:1: no run as `check --report json=FILE` writes it"]);
}

#[test]
fn dates_of_a_server_whose_time_runs_faster_are_those_that_it_can_have() {
    let f = Folder::new("dates");
    // A second on the wall is a minute there, and the case allows five seconds.
    let text = ours("time_scale: 60\nworld: hook\nhooks: {before_case: [sleep, \"1\"]}\n");
    let sut = |text: &str| f.file("sut.yaml", text);
    let args = |sut: &str| ends_of(&["check", "--sut", sut, "--jobs", "1", "--era", "2025", "chat.write.fanout-two"]);
    let (code, said) = args(&sut(&text.replace("serve,", "serve, --time-scale, \"60\",")));
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = args(&sut(&text));
    assert_eq!(code, Some(0), "one whose timers run faster, and whose dates are the wall's: {said}");
    // The other way round: nobody has said that its time runs faster.
    let untold = text.replace("time_scale: 60\n", "").replace("serve,", "serve, --time-scale, \"60\",");
    let (code, said) = args(&sut(&untold));
    assert_eq!(code, Some(1), "{said}");
    has(&said, &["sendAt: expected within 5 s of "]);
}

#[test]
fn a_server_that_gives_nothing_back_is_found_by_the_guard() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let f = Folder::new("guard");
    let json = |name: &str| Path::new(&f.path()).join(name).display().to_string();
    let args = |sut: &str, to: &str| {
        let report = format!("json={}", json(to));
        ends_of(&[
            "check",
            "--sut",
            sut,
            "--jobs",
            "1",
            "--era",
            "2025",
            "frame.body-",
            "frame.method",
            "--report",
            &report,
        ])
    };
    let (code, said) = args(&f.file("sut.yaml", &ours("")), "good");
    assert_eq!(code, Some(0), "{said}");
    let good = fs::read_to_string(json("good")).unwrap_or_default();
    assert!(good.contains("[\"guard\",\"pass\"]"), "nobody was guarded");
    let (code, said) =
        args(&f.file("wrong.yaml", &ours("").replace("serve,", "serve, --quirk, keeps-dead-sockets,")), "bad");
    assert_eq!(code, Some(1), "{said}");
    has(&said, &["fail: frame.", "#guard", " file descriptors more than when it was last at rest, more than 32: "]);
    // The command that it prints fails again, though no case does alone.
    let again = said.lines().find_map(|l| l.trim_start().strip_prefix("locospec check ")).unwrap_or_default();
    let shell = format!("exec '{}' check {again}", env!("CARGO_BIN_EXE_locospec"));
    let repeated = Command::new("sh").args(["-c", &shell]).output();
    let repeated = repeated.map(|o| (o.status.code(), String::from_utf8_lossy(&o.stdout).into_owned()));
    assert!(
        repeated.as_ref().is_ok_and(|(code, said)| *code == Some(1) && said.contains("#guard")),
        "{shell}: {repeated:?}"
    );
    // Nothing else is wrong with it.
    let bad = fs::read_to_string(json("bad")).unwrap_or_default();
    assert_eq!(bad.matches("\"fail\"]").count(), bad.matches("[\"guard\",\"fail\"]").count(), "{said}");
}
