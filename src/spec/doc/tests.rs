//! The reference of the small catalogue: what is escaped, that it is the same each time, and that its links lead
//! somewhere.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::spec::corpus::Corpus;

fn small() -> Corpus {
    match Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/selftest/catalogue")) {
        Ok(c) => c,
        Err(errors) => panic!("{errors:?}"),
    }
}

const EVIL: &str = "<script>alert(\"1\")</script>|`'&";

/// The catalogue with markup in every text that a file can hold.
fn evil() -> Corpus {
    let mut c = small();
    let evil = || EVIL.to_string();
    for f in &mut c.commands {
        (f.value.title, f.value.text) = (evil(), evil());
        f.value.disputes.push(evil());
        f.value.unknown.push(evil());
        f.value.pushes.push(evil());
        for s in &mut f.value.sources {
            (s.from, s.says) = (evil(), evil());
        }
        for s in &mut f.value.statuses {
            (s.when, s.from) = (evil(), Some(evil()));
        }
        for x in f.value.forms.iter_mut().flat_map(|form| &mut form.fields) {
            (x.name, x.meaning, x.label, x.unit) = (evil(), evil(), Some(evil()), Some(evil()));
            (x.from, x.disputed, x.values, x.json) = (Some(evil()), Some(evil()), Some(evil()), Some(evil()));
            x.example = Some(crate::spec::lit::Lit::Str(evil()));
        }
    }
    for t in c.types.iter_mut().flat_map(|f| &mut f.value.types) {
        (t.name, t.title, t.text) = (evil(), evil(), evil());
    }
    for e in c.enums.iter_mut().flat_map(|f| &mut f.value.enums) {
        (e.name, e.title, e.text) = (evil(), evil(), Some(evil()));
        for v in &mut e.values {
            (v.name, v.meaning, v.from, v.disputed) = (evil(), evil(), Some(evil()), Some(evil()));
            v.value = crate::spec::lit::Lit::Str(evil());
        }
    }
    for s in c.statuses.iter_mut().flat_map(|f| &mut f.value.statuses) {
        (s.name, s.meaning, s.from, s.disputed) = (evil(), evil(), Some(evil()), Some(evil()));
    }
    for r in c.requirements.iter_mut().flat_map(|f| &mut f.value.requirements) {
        r.text = format!("WRITE {EVIL}");
    }
    c
}

#[test]
fn markup_in_the_spec_is_text_in_the_reference() {
    let corpus = evil();
    let catalogue = Catalogue::new(&corpus);
    let page = html(&catalogue);
    assert_eq!(page.matches("<script").count(), 1, "only the page's own");
    assert!(!page.contains("alert(\"1\")"), "a quote would end an attribute");
    assert!(page.matches("&lt;script&gt;alert(&quot;1&quot;)").count() > 30);
    let text = markdown(&catalogue);
    assert!(!text.contains("<script"));
    assert!(text.matches("&lt;script&gt;").count() > 30);
    let table = |l: &&str| l.starts_with("| ");
    let bars = |l: &str| l.replace("\\|", "").matches('|').count();
    assert!(text.lines().filter(table).all(|l| (3..=6).contains(&bars(l))), "a bar would begin a cell");
}

#[test]
fn what_stands_in_backticks_is_code_and_a_lone_one_is_none() {
    assert_eq!(prose_md("after `cur_1` and *`max`*"), "after `cur_1` and \\*`max`\\*");
    assert_eq!(prose_md("a ` b"), "a \\` b");
    assert_eq!(prose_md("`a|b`"), "\\`a\\|b\\`");
    assert_eq!(parts("`a` b"), [(true, "a"), (false, " b")]);
    assert_eq!(parts("a `b"), [(false, "a `b")]);
}

#[test]
fn the_reference_is_the_same_each_time() {
    let (a, b) = (small(), small());
    assert_eq!(html(&Catalogue::new(&a)), html(&Catalogue::new(&b)));
    assert_eq!(markdown(&Catalogue::new(&a)), markdown(&Catalogue::new(&b)));
}

/// What stands between `before` and the next `end`, everywhere.
fn between<'t>(text: &'t str, before: &str, end: char) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

#[test]
fn every_link_leads_to_an_anchor_and_no_anchor_is_there_twice() {
    let corpus = small();
    let catalogue = Catalogue::new(&corpus);
    let page = html(&catalogue);
    let text = markdown(&catalogue);
    for (links, ids) in [
        (between(&page, "href=\"#", '"'), between(&page, " id=\"", '"')),
        (between(&text, "](#", ')'), between(&text, "<a id=\"", '"')),
    ] {
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len(), "{ids:?}");
        let lost: Vec<&str> = links.iter().copied().filter(|l| !known.contains(l)).collect();
        assert!(lost.is_empty() && links.len() > 20, "{lost:?}");
    }
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let corpus = small();
    let page = html(&Catalogue::new(&corpus));
    for loads in ["http:", "https:", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn a_method_has_what_the_filters_read() {
    let corpus = small();
    let page = html(&Catalogue::new(&corpus));
    let at = "<article class=\"entry\" id=\"method-GETMSGS\"";
    let tag = between(&page, at, '>').concat();
    assert!(tag.contains("data-eras=\"2012 2025\" data-dir=\"request\""), "{tag}");
    let tag = between(&page, "<article class=\"entry\" id=\"method-WRITE\"", '>').concat();
    for word in ["chatid", "chat_id", "-401", "spam-limit", "writes a message"] {
        assert!(tag.contains(word), "{word} in {tag}");
    }
    assert!(page.contains("Every other member who is online gets <a class=\"m\" href=\"#method-MSG\">MSG</a>."));
}
