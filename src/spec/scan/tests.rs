//! Positions, and what is refused where.

use super::*;

const TEXT: &str = "# head\nid: A-1\nsteps:\n- {conn: a, send: {body: {x: [1, 2]}}}\n  # between\n- conn: b\n  why: two\n    lines\n- - 1\n  - 2\ntext: >\n  folded: text\n\n  more\nlast: \"q: [\"\n";

#[test]
fn a_path_finds_its_line_and_column() {
    let Ok(map) = scan(TEXT) else { panic!("{:?}", scan(TEXT)) };
    assert_eq!(map.find("id").to_string(), "2:1");
    assert_eq!(map.find("steps[0].send.body.x[1]").to_string(), "4:34");
    assert_eq!(map.find("steps[1].why").to_string(), "7:3");
    assert_eq!(map.find("steps[2][1]").to_string(), "10:3");
    assert_eq!(map.find("last").to_string(), "15:1");
    assert_eq!(map.find("steps[1].nothing.here").to_string(), "6:1");
}

#[test]
fn what_yaml_allows_and_the_spec_does_not_is_refused_where_it_stands() {
    for (text, at) in [
        ("a: &x 1\n", "1:4"),
        ("a: 1\nb: *x\n", "2:4"),
        ("a: !t 1\n", "1:4"),
        ("a:\n\t- 1\n", "2:1"),
        ("a: 1\n---\nb: 1\n", "2:1"),
        ("a:\n  b: 1\n c: 2\n", "3:2"),
        ("a: {b: [1, 2}\n", "1:13"),
        ("a: \"open\n", "1:4"),
    ] {
        match scan(text) {
            Err(r) => assert_eq!(r.at.to_string(), at, "{text:?}: {}", r.what),
            Ok(_) => panic!("{text:?} was taken"),
        }
    }
}
