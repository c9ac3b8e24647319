//! The matchers, each with something that fits and something that does not.

use super::*;
use bson::doc;

fn lit(yaml: &str) -> Lit {
    match crate::spec::yaml::parse("t", yaml) {
        Ok(l) => l.value,
        Err(e) => panic!("{e}"),
    }
}

fn vars() -> Vars {
    let mut v = Vars::default();
    v.set("now", 1_000i64);
    v.set("alice.id", 1001i64);
    v
}

fn said(yaml: &str, actual: &Document) -> Vec<String> {
    compare(&lit(yaml), actual, "body", "ack", &mut vars()).iter().map(ToString::to_string).collect()
}

#[test]
fn what_fits_says_nothing() {
    let d = doc! {
        "num": 5i64, "i": 5i32, "s": "hello", "x": 1.5, "u": Bson::Null, "a": [1i64, 2i64], "d": {"k": 1, "more": 2}, "t": 990i32,
        "id": 1001i64, "log": 458_957_520_896_000_001i64,
    };
    for yaml in [
        "{num: 5, i: 5}",
        "{num: {$int64: 5}, i: {$int32: 5}}",
        "{num: {$type: int64}, i: {$type: [int32, int64]}, s: {$type: string}}",
        "{num: {$gt: 4, $lt: 6}, i: {$gte: 5, $lte: 5}, x: {$gt: 1}}",
        "{log: {$gt: 458957520896000000, $lt: 458957520896000002}}",
        "{num: {$ne: 6}, s: {$ne: x}}",
        "{s: {$contains: ell, $len: 5}, a: {$len: {$gt: 1}, $contains: 2}}",
        "{a: {$unordered: [2, 1]}}",
        "{a: [1, 2]}",
        "{d: {k: 1}}",
        "{u: null, none: {$exists: false}, s: {$exists: true}}",
        "{s: {$any_of: [x, hello]}}",
        "{t: {$near_now: 10}}",
        "{id: {$var: alice.id}}",
        "{num: {$bind: k}, i: {$bind: k}}",
    ] {
        assert_eq!(said(yaml, &d), Vec::<String>::new(), "{yaml}");
    }
}

#[test]
fn what_does_not_fit_says_path_expected_and_actual() {
    let d = doc! {"num": 5i64, "s": "hello", "a": [1i64, 2i64], "d": {"k": 1i32}, "t": 900i32};
    for (yaml, want) in [
        ("{num: 6}", "body.num: expected 6, got int64 5"),
        ("{num: {$int32: 5}}", "body.num: expected int32 5, got int64 5"),
        ("{num: {$type: int32}}", "body.num: expected type int32, got int64 5"),
        ("{num: null}", "body.num: expected null, got int64 5"),
        ("{num: '5'}", "body.num: expected \"5\", got int64 5"),
        ("{num: {$gt: 5}}", "body.num: expected above 5, got int64 5"),
        ("{num: {$ne: 5}}", "body.num: expected other than 5, got int64 5"),
        ("{d: {k: 2}}", "body.d.k: expected 2, got int32 1"),
        ("{d: {k: 1, j: 1}}", "body.d.j: expected 1, got nothing"),
        ("{a: [1]}", "body.a: expected 1 elements, got array [1, 2]"),
        ("{a: [1, 3]}", "body.a[1]: expected 3, got int64 2"),
        ("{s: {$exists: false}}", "body.s: expected nothing, got string \"hello\""),
        ("{s: {$contains: x}}", "body.s: expected something that contains x, got string \"hello\""),
        ("{s: {$len: 4}}", "body.s.$len: expected 4, got int64 5"),
        ("{t: {$near_now: 10}}", "body.t: expected within 10 s of 1000, got int32 900"),
        ("{a: {$unordered: [1, 3]}}", "body.a: expected an element 3, got array [1, 2]"),
        ("{s: {$any_of: [x, 1]}}", "body.s: expected any of [\"x\",1], got string \"hello\""),
    ] {
        assert_eq!(said(yaml, &d), [want], "{yaml}");
    }
}

#[test]
fn a_clock_that_runs_fast_may_show_what_it_can_have_reached() {
    let mut v = vars();
    v.set("now.first", 1000i64);
    v.set("now.last", 4000i64);
    let mut said = |t: i64| {
        let wrong = compare(&lit("{t: {$near_now: 5}}"), &doc! {"t": t}, "body", "p", &mut v);
        wrong.iter().map(ToString::to_string).collect::<String>()
    };
    assert_eq!([995, 2500, 4005].map(&mut said).concat(), "");
    assert_eq!(said(994), "body.t: expected within 5 s of 1000 to 4000, its clock being fast, got int64 994");
    assert_eq!([4006, 1_000_000].map(&mut said).map(|s| s.is_empty()), [false, false]);
}

#[test]
fn a_binding_that_conflicts_names_both_places() {
    let mut v = vars();
    assert!(compare(&lit("{logId: {$bind: log}}"), &doc! {"logId": 7i64}, "body", "ack", &mut v).is_empty());
    let m = compare(&lit("{logId: {$bind: log}}"), &doc! {"logId": 8i64}, "body", "push", &mut v);
    let text: Vec<String> = m.iter().map(ToString::to_string).collect();
    assert_eq!(text, ["body.logId: expected 7 as `log` was bound at body.logId of ack, got int64 8"]);
}

#[test]
fn an_alternative_that_failed_binds_nothing() {
    let mut v = vars();
    let want = lit("{a: {$any_of: [{x: {$bind: v}, z: 9}, {x: 1, z: {$bind: v}}]}}");
    assert!(compare(&want, &doc! {"a": {"x": 1, "z": 2}}, "body", "p", &mut v).is_empty());
    assert_eq!(v.get("v"), Some(&Bson::Int32(2)));
}

#[test]
fn an_unknown_matcher_is_found_before_the_run() {
    let found = check(&lit("{a: {b: [{$regex: x}]}}"), "body").map_err(|(p, _)| p);
    assert_eq!(found, Err("body.a.b[0].$regex".to_string()));
}
