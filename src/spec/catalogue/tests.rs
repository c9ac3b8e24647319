//! Lists, pages and the export of the small catalogue of `spec/selftest/catalogue`.

use std::path::Path;

use super::export::Export;
use super::list::{Filter, State};
use super::*;
use crate::proto::secure::Era;
use crate::proto::snapshot;
use crate::spec::format::command::{Knowledge, Place};

fn small() -> Corpus {
    match Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/selftest/catalogue")) {
        Ok(c) => c,
        Err(errors) => panic!("{errors:?}"),
    }
}

fn shown(name: &str) -> String {
    let corpus = small();
    let catalogue = Catalogue::new(&corpus);
    page::page(&catalogue, &page::find(&catalogue, None, name), 100, Ink::Plain)
}

#[test]
fn a_list_has_a_line_for_each_method_and_a_count() {
    let corpus = small();
    let catalogue = Catalogue::new(&corpus);
    let all = list::select(&catalogue, &Filter::default());
    snapshot("spec-list", &format!("{}{}\n", list::lines(&all), list::count(&all, &catalogue)));
    assert_eq!(list::json(&all).as_array().map(Vec::len), Some(3));
    assert_eq!(list::json(&all).pointer("/2/method").and_then(|m| m.as_str()), Some("WRITE"));
    assert_eq!(list::json(&all).pointer("/0/eras/1").and_then(|m| m.as_str()), Some("2025"));
}

#[test]
fn a_list_takes_what_fits_everything_that_is_said() {
    let corpus = small();
    let catalogue = Catalogue::new(&corpus);
    let names = |filter: Filter| {
        list::select(&catalogue, &filter).iter().map(|c| c.method.as_str()).collect::<Vec<_>>().join(" ")
    };
    let word = |w: &str| Filter { word: Some(w.into()), ..Filter::default() };
    assert_eq!(names(word("msg")), "GETMSGS MSG WRITE", "method and field");
    assert_eq!(names(word("CHAT_ID")), "MSG", "label");
    assert_eq!(names(word("comes back")), "WRITE", "meaning");
    assert_eq!(names(word("another member")), "MSG", "title");
    assert_eq!(names(Filter { era: Some(Era::E2019), ..Filter::default() }), "MSG WRITE");
    assert_eq!(names(Filter { direction: Some(Direction::Push), ..word("room") }), "MSG");
    assert_eq!(names(Filter { connection: Some(Place::Media), ..Filter::default() }), "GETMSGS");
    assert_eq!(names(Filter { group: Some(Group::Calls), ..Filter::default() }), "");
    let state = |s| Filter { state: Some(s), ..Filter::default() };
    assert_eq!(names(state(State::Disputed)), "WRITE");
    assert_eq!(names(state(State::Body(Knowledge::Unknown))), "GETMSGS");
    assert_eq!(names(state(State::Body(Knowledge::Partial))), "MSG");
}

#[test]
fn a_page_shows_what_is_known_of_a_name() {
    snapshot("spec-show-WRITE", &shown("write"));
    snapshot("spec-show-GETMSGS", &shown("GETMSGS"));
    snapshot("spec-show-chat-log", &shown("chat-log"));
    snapshot("spec-show-chat-type", &shown("chat-type"));
    snapshot("spec-show-950", &shown("-950"));
    snapshot("spec-show-status", &shown("status"));
    snapshot("spec-show-requirement", &shown("login-token-1"));
}

#[test]
fn a_page_keeps_to_its_width_and_is_bold_only_on_a_terminal() {
    let corpus = small();
    let catalogue = Catalogue::new(&corpus);
    for name in catalogue.names() {
        let topics = page::find(&catalogue, None, &name);
        assert!(!topics.is_empty(), "{name}");
        for width in [40, 80, 100] {
            let text = page::page(&catalogue, &topics, width, Ink::Plain);
            let longest = text.lines().map(|l| l.chars().count()).max().unwrap_or_default();
            assert!(longest <= width, "{name} at {width}: {longest}\n{text}");
            assert!(!text.contains('\u{1b}'));
        }
        assert!(page::page(&catalogue, &topics, 80, Ink::Ansi).contains("\u{1b}[1m"));
    }
}

#[test]
fn a_name_is_found_by_kind_and_a_wrong_one_has_neighbours() {
    let corpus = small();
    let catalogue = Catalogue::new(&corpus);
    let found = |kind, name| page::find(&catalogue, kind, name).len();
    assert_eq!((found(None, "msg"), found(Some("method"), "MSG"), found(Some("type"), "MSG")), (1, 1, 0));
    assert_eq!((found(None, "-950"), found(Some("status"), "bad-token"), found(None, "-951")), (1, 1, 0));
    assert_eq!(page::nearest(&catalogue, "WRTIE"), ["WRITE"]);
    assert_eq!(page::nearest(&catalogue, "chat"), ["chat-log", "chat-type", "CHAT-WRITE-1"]);
    assert_eq!(page::nearest(&catalogue, "-951").first().map(String::as_str), Some("-950"));
    assert!(page::nearest(&catalogue, "zzzzzzzz").is_empty());
}

#[test]
fn an_export_reads_back_as_what_it_was() {
    let corpus = small();
    let export = Export::of(&Catalogue::new(&corpus));
    let text = export.to_json().unwrap_or_default();
    let back: Result<Export, _> = serde_json::from_str(&text);
    assert_eq!(back.ok().as_ref(), Some(&export));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let at = |path: &str| json.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default();
    assert_eq!(at("/format"), "locospec-spec/1");
    assert_eq!(at("/commands/2/forms/0/fields/3/example"), "hello");
    assert_eq!(at("/commands/1/forms/0/eras/0"), "2012", "the eras of a form are written out");
    assert_eq!(at("/commands/1/forms/0/fields/1/type"), "[chat-log]");
    assert_eq!(at("/requirements/0/id"), "CHAT-WRITE-1");
}

#[test]
fn a_word_is_no_part_of_a_longer_one() {
    assert!(has_word("WRITE is answered", "WRITE") && has_word("(WRITE)", "WRITE"));
    assert!(!has_word("CWRITE, WRITES", "WRITE"));
}
