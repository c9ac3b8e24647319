//! A run written and read again, JUnit, diff, badge, and a page that holds together whatever the texts of a run are.

use std::collections::BTreeSet;
use std::path::Path;

use super::badge::badge;
use super::diff::Diff;
use super::failure::Detail;
use super::html::html;
use super::junit::junit;
use super::matrix::Matrix;
use super::*;
use crate::spec::corpus::Corpus;
use crate::spec::run::bytes::Plain;
use crate::spec::verdict::{Bytes, Compared};

const EVIL: &str = "</pre><script>alert(\"1\")</script>&\u{1}'";

fn corpus() -> Corpus {
    match Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/selftest/catalogue")) {
        Ok(c) => c,
        Err(errors) => panic!("{errors:?}"),
    }
}

fn line(instance: &str, checks: &[(&str, Verdict)]) -> InstanceLine {
    let checks: Vec<(String, Verdict)> = checks.iter().map(|(c, v)| ((*c).to_string(), *v)).collect();
    let bad = |v: Verdict| v != Verdict::Pass;
    let detail = checks.iter().filter(|c| bad(c.1)).map(|c| (c.0.clone(), vec![EVIL.to_string()])).collect();
    let (known, timeline, evidence) = (BTreeMap::new(), Vec::new(), Evidence::default());
    let (flaky, after, took) = (Vec::new(), Vec::new(), Duration::ZERO);
    InstanceLine { instance: instance.into(), checks, detail, known, flaky, after, timeline, evidence, took }
}

/// A run with one case that holds and one with everything that can be wrong with it.
fn run(name: &str) -> Run {
    let requirement = super::super::judge::requirements(&corpus()).next().map(|r| r.id.clone()).unwrap_or_default();
    let mut wrong =
        line("a.b[2025]", &[("ack", Verdict::Pass), ("push", Verdict::Fail), ("late", Verdict::CouldNotRun)]);
    wrong.timeline = vec![format!("    0.001 a -> WRITE #1 {EVIL}"), "    0.002 a <- MSG".into()];
    wrong.evidence.compared.push(Compared {
        check: "push".into(),
        expected: format!("body:\n  msg: {EVIL}\n"),
        actual: "body:\n  msg: x\n".into(),
        differs: vec!["body.msg".into()],
    });
    wrong.evidence.bytes.push(Bytes { line: 0, plain: "01000000".into(), wire: "ffee".into(), more: 3 });
    let mut known = line("a.b[2019]", &[("ack", Verdict::Hung)]);
    known.known.insert("ack".into(), EVIL.into());
    let case = |name: &str, instances| CaseLine {
        case: name.into(),
        title: EVIL.into(),
        file: "spec/cases/server/a/b.yaml".into(),
        proves: vec![requirement.clone()],
        instances,
    };
    let crashed = line("a.c[2019]", &[("run", Verdict::Crashed)]);
    let aside = line("a.c[2012]", &[("run", Verdict::NotApplicable)]);
    let cases = vec![
        case("a.a", vec![line("a.a[2019]", &[("ack", Verdict::Pass)])]),
        case("a.b", vec![known, wrong]),
        case("a.c", vec![aside, crashed]),
    ];
    let head = Head {
        format: FORMAT.into(),
        locospec: "0".into(),
        name: name.into(),
        version: EVIL.into(),
        role: vec![Role::Server],
        again: "locospec check --sut sut.yaml".into(),
    };
    Run { head, cases }
}

#[test]
fn a_run_is_read_as_it_was_written_and_a_cut_one_is_refused() {
    let run = run("x");
    let text = run.to_lines().unwrap_or_default();
    assert_eq!(text.lines().count(), 5);
    assert_eq!(Run::from_lines("f", &text).as_ref(), Ok(&run));
    let said = |text: &str| Run::from_lines("f", text).err().unwrap_or_default();
    let cut: Vec<&str> = text.lines().collect();
    assert!(said(&cut[..4].join("\n")).starts_with("f:4: the file was cut"), "{}", said(&cut[..4].join("\n")));
    assert!(said(&[cut[0], cut[1], cut[4]].join("\n")).starts_with("f:3: lines are missing"));
    assert!(said(&[cut[0], "{\"case\": 1}"].join("\n")).starts_with("f:2: "));
    assert!(said("").contains("f:1: an empty file"));
    assert!(said(&text.replace("locospec-check/1", "locospec-check/9")).contains("`locospec-check/9`"));
}

#[test]
fn junit_has_a_test_for_each_instance_and_only_characters_of_xml() {
    let mut run = run("x");
    run.cases[0].instances[0].took = Duration::from_millis(1234);
    run.cases[0].instances[0].flaky = vec!["ack: hung".into()];
    assert_eq!(run.cases[0].instances[0].standing(), Standing::Tolerated);
    let xml = junit(&run);
    assert!(xml.contains("<system-out>flaky, failed before: ack: hung</system-out></testcase>"), "{xml}");
    assert_eq!(xml.matches("time=\"1.234\"").count(), 3, "the test, its suite and all: {xml}");
    assert!(xml.contains("tests=\"5\" failures=\"1\" errors=\"1\" time="), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), 5);
    assert_eq!((xml.matches("<failure ").count(), xml.matches("</failure>").count()), (1, 1));
    assert!(!xml.contains("<script") && !xml.contains('\u{1}'));
    assert!(xml.contains("locospec check --sut sut.yaml &#39;a.b[2025]&#39;"));
}

type Names = &'static [&'static str];

/// What the schema of Jenkins (`junit-10.xsd` of its xUnit plugin) lets stand there, and what GitLab and others read of it:
/// an element, the attributes that it must have, those that it may have, and the elements in it.
const JUNIT: [(&str, Names, Names, Names); 7] = [
    ("testsuites", &[], &["name", "time", "tests", "failures", "errors"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &["time", "skipped", "timestamp", "hostname", "id", "file"],
        &["testcase", "properties", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name", "classname"],
        &["time", "group"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("failure", &[], &["type", "message"], &[]),
    ("error", &[], &["type", "message"], &[]),
    ("skipped", &[], &["type", "message"], &[]),
    ("system-out", &[], &[], &[]),
];

#[test]
fn junit_is_what_its_readers_take_and_its_counts_add_up() {
    let mut run = run("x \u{0} \u{b} \u{7f} \u{fffe} \u{1f600} ]]> \"<&'");
    run.cases[0].instances[0].flaky = vec![EVIL.into()];
    run.cases[1].case = EVIL.into();
    let xml = junit(&run);
    let document = match roxmltree::Document::parse(&xml) {
        Ok(d) => d,
        Err(e) => panic!("{e}: {xml}"),
    };
    let elements = || document.root_element().descendants().filter(roxmltree::Node::is_element);
    for e in elements() {
        let name = e.tag_name().name();
        let Some((_, must, may, inside)) = JUNIT.iter().find(|row| row.0 == name) else { panic!("<{name}>") };
        let has: Vec<&str> = e.attributes().map(|a| a.name()).collect();
        assert!(must.iter().all(|a| has.contains(a)), "<{name}> has {has:?}");
        assert!(has.iter().all(|a| must.contains(a) || may.contains(a)), "<{name}> has {has:?}");
        let children = e.children().filter(roxmltree::Node::is_element);
        assert!(children.map(|c| c.tag_name().name()).all(|c| inside.contains(&c)), "in <{name}>");
        // Three digits behind the point, as the pattern of the schema and every parser of numbers take it.
        let time = e.attribute("time").map_or(Some(3), |t| Some(t.split_once('.')?.1.len()));
        assert_eq!(time, Some(3), "<{name}>");
    }
    for of in elements().filter(|e| e.has_tag_name("testsuites") || e.has_tag_name("testsuite")) {
        let inside = |name: &str| of.descendants().filter(|e| e.has_tag_name(name)).count().to_string();
        for (attribute, name) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
            assert_eq!(of.attribute(attribute).map(str::to_owned), Some(inside(name)), "{attribute}");
        }
        assert!(of.attribute("skipped").is_none_or(|n| n == inside("skipped")), "skipped");
    }
    let message = elements().find(|e| e.has_tag_name("failure")).and_then(|e| e.attribute("message"));
    assert_eq!(message, Some("push: fail: </pre><script>alert(\"1\")</script>&\u{fffd}'"), "read as it was meant");
}

#[test]
fn a_difference_is_better_worse_new_or_gone() {
    let (a, mut b) = (run("a"), run("b"));
    assert!(!Diff::of(&a, &b).is_worse());
    b.cases.remove(2);
    let at = |run: &mut Run, case: usize, i: usize, c: usize, v: Verdict| run.cases[case].instances[i].checks[c].1 = v;
    at(&mut b, 0, 0, 0, Verdict::Hung);
    at(&mut b, 1, 0, 0, Verdict::Pass);
    at(&mut b, 1, 1, 2, Verdict::Fail);
    let diff = Diff::of(&a, &b);
    assert!(diff.is_worse());
    let text = diff.to_string();
    for want in [
        "worse    a.a[2019]#ack: pass → hung\n",
        "better   a.b[2019]#ack: hung → pass\n",
        "changed  a.b[2025]#late: could-not-run → fail\n",
        "gone     a.c[2019]#run: crashed\n",
        "1 worse, 1 better, 1 changed, 0 new, 2 gone, 2 the same\n",
    ] {
        assert!(text.contains(want), "{want}{text}");
    }
    assert!(Diff::of(&b, &a).is_worse(), "a new check fails");
}

#[test]
fn a_requirement_is_as_good_as_its_worst_case() {
    let (corpus, runs) = (corpus(), [run("x")]);
    let matrix = Matrix::new(&corpus, &runs);
    assert_eq!(matrix.rows.len(), 1);
    assert_eq!(matrix.rows.first().map(|r| r.cells.clone()), Some(vec![Some(Standing::Wrong)]));
    let text = badge(&corpus, &runs[0]);
    assert!(text.contains(">0 of 1 requirements<") && text.contains("#b42318"), "{text}");
}

/// What stands between `before` and the next `end`, everywhere.
fn between<'t>(text: &'t str, before: &str, end: char) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

#[test]
fn the_page_holds_together_and_asks_for_nothing() {
    let (corpus, runs) = (corpus(), [run("x"), run("y")]);
    let page = html(&corpus, &runs, Detail::Full);
    assert_eq!(page.matches("<script").count(), 1, "only the page's own");
    assert!(!page.contains("alert(\"1\")"), "a quote would end an attribute");
    for loads in ["http:", "https:", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(loads), "{loads}");
    }
    let ids = between(&page, " id=\"", '"');
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "{ids:?}");
    let links = between(&page, "href=\"#", '"');
    let lost: Vec<&&str> = links.iter().filter(|l| !known.contains(**l)).collect();
    assert!(lost.is_empty() && links.len() >= 6, "{lost:?}");
    assert_eq!(page.matches("<article").count(), 4, "two cases of each run");
    for part in [
        "packet id 1",
        "ff ee",
        "3 bytes more, cut by the judge",
        "<mark>",
        "locospec check --sut sut.yaml &#39;a.b[2025]&#39;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page, html(&corpus, &runs, Detail::Full), "the same each time");
}

#[test]
fn a_brief_page_has_no_captures_and_names_what_it_left_out() {
    let (corpus, runs) = (corpus(), [run("x"), run("y")]);
    let (full, brief) = (html(&corpus, &runs, Detail::Full), html(&corpus, &runs, Detail::Brief));
    assert!(full.contains(".pcapng") && !brief.contains(".pcapng"));
    assert!(!full.contains("--brief") && brief.contains("without <code>--brief</code>"));
    // A packet of 100 bytes, all there: each page that cuts it says that it does, and none that the packet is wrong.
    let mut run = run("z");
    run.cases[1].instances.remove(0);
    let packet = Plain { id: 1, status: 0, method: "WRITE".into(), body_type: 0, body: vec![] };
    let mut bytes = packet.encode();
    bytes[18..22].copy_from_slice(&78u32.to_le_bytes());
    bytes.extend(bson::doc! {"msg": "x".repeat(78 - 15)}.to_vec().unwrap_or_default());
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex.len(), 200);
    run.cases[1].instances[0].evidence.bytes[0] = Bytes { line: 0, plain: hex.clone(), wire: String::new(), more: 0 };
    let page = |run: &Run, detail| html(&corpus, std::slice::from_ref(run), detail);
    let (full, brief) = (page(&run, Detail::Full), page(&run, Detail::Brief));
    assert!(!full.contains(" bytes more, cut") && !full.contains("the body ends after"));
    assert!(brief.contains("36 bytes more, <a href=\"#cut\">cut by this page</a>"), "{brief}");
    assert!(brief.contains("id=\"cut\"") && brief.contains("78 78 78 78 78"), "what is there is shown: {brief}");
    assert!(!brief.contains("the body ends after"), "{brief}");
    // What was sent like that is shown like that.
    let half = hex.get(..80).map(str::to_owned).unwrap_or_default();
    run.cases[1].instances[0].evidence.bytes[0].plain = half;
    assert!(page(&run, Detail::Brief).contains("the body ends after 18 of 78 bytes"));
    assert_eq!(full.matches("<article").count(), brief.matches("<article").count(), "no failure is left out");
}
