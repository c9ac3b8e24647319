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

/// A run that a planted bug breaks, for the tests of everything that shows a run: a file, so that it stays the same.
#[cfg(test)]
fn lost_message() -> crate::sim::scenario::Scenario {
    let text = include_str!("../../../sims/page/lost-message.yaml");
    crate::sim::scenario::Scenario::parse("lost-message.yaml", text).expect("it is a scenario")
}
