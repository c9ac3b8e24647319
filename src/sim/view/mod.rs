//! A run to look at: what was on the wire, joined to the events of the trace.
//!
//! | file | what it makes |
//! | --- | --- |
//! | [`recording`] | the bytes that the trace leaves out, kept while the run goes on |
//! | [`story`] | events with their connections, packets with both ends, faults with their lanes, violations with their events |
//! | [`data`], [`page`] | the story as columns of JSON, in one HTML file |
//! | [`capture`] | the story as pcapng, for Wireshark |
//! | [`timeline`] | the story as lines for a terminal |

pub mod capture;
pub mod data;
pub mod page;
pub mod recording;
pub mod story;
pub mod timeline;

use std::borrow::Cow;

/// The text of an event for people: a body, which stands in it as a list of its bytes, is told by its length.
///
/// ```text
/// Reply { ticket: 1, status: 0, body: [17, 0, 0, 0, 16, …] }   becomes   Reply { ticket: 1, status: 0, body: [17 B] }
/// ```
fn shortened(text: &str) -> Cow<'_, str> {
    let (mut short, mut rest) = (String::new(), text);
    while let Some((before, list)) = rest.split_once('[') {
        let end = list.find(|c: char| !c.is_ascii_digit() && c != ',' && c != ' ').unwrap_or(list.len());
        let (numbers, after) = list.split_at(end);
        let count = numbers.split(", ").count();
        short.push_str(before);
        if count > BYTES_TOLD && after.starts_with(']') {
            short.push_str(&format!("[{count} B"));
        } else {
            short.push('[');
            short.push_str(numbers);
        }
        rest = after;
    }
    if short.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(short + rest) }
}

/// A list of no more numbers is told as it is.
const BYTES_TOLD: usize = 8;

#[test]
fn a_body_is_told_by_its_length_and_everything_else_as_it_is() {
    let body: Vec<u8> = (0..9).collect();
    assert_eq!(
        shortened(&format!("Reply {{ body: {body:?}, x: [{{ y: [1, 2] }}] }}")),
        "Reply { body: [9 B], x: [{ y: [1, 2] }] }"
    );
    for same in ["no list", "[", "[1, 2", "rooms [7000, 7001]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, x]", ""] {
        assert_eq!(shortened(same), same);
    }
}

/// A run that a planted bug breaks, for the tests of everything that shows a run: a file, so that it stays the same.
#[cfg(test)]
fn lost_message() -> crate::sim::scenario::Scenario {
    let text = include_str!("../../../sims/page/lost-message.yaml");
    crate::sim::scenario::Scenario::parse("lost-message.yaml", text).expect("it is a scenario")
}
