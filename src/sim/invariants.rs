//! What must hold in every run, by name and sentence, and what it looks like when one does not.
//!
//! Who looks: `watch` at what the server does, `model` at what the clients are told, `run` at the end.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::SimClock;
use super::trace::{Kind, Tracer};

macro_rules! invariants {
    ($($id:ident = $name:literal $sentence:literal;)*) => {
        /// One thing that must hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum Invariant { $(#[doc = $sentence] $id,)* }

        impl Invariant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }

            /// What must hold.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$id => $sentence,)* }
            }
        }
    };
}

invariants! {
    Durable = "durable" "A message that was acknowledged is in the log for ever, whatever crashes.";
    Once = "once" "A message appears once: in the log, on each device, and in each device's pushes.";
    Ordered = "ordered" "Log ids rise in a room, every device sees the same messages in that order, and no message before another is left out.";
    Linearizable = "linearizable" "Every message and every look at the end of a room's log took effect at one instant between its call and its return.";
    Private = "private" "Nobody sees a room of which he is no member, or after he has left.";
    Fenced = "fenced" "Each device of a user has at most one live session, and nothing is sent to one that was ended.";
    Matched = "matched" "A reply goes to the request with its id, a push is no reply, and every request and message ends exactly once.";
    Refused = "refused" "Who may not log in is refused, with the documented status.";
    Watermarks = "watermarks" "A read mark rises only and never passes the last message.";
    Whole = "whole" "A file arrives byte by byte as it was announced, an upload goes on where it broke off, and a file that is not as announced is never there.";
    Ruled = "ruled" "An open link has one owner, who alone governs it; who comes in says the pass code and was not kicked.";
    Told = "told" "A login tells a device everything that has changed in its rooms, and a page of messages has those that were asked for.";
    Alive = "alive" "A dead peer is found within its bound, and a live one is never cut off.";
    Bounded = "bounded" "Connections and what waits for them stay under their limits, who lost a connection comes back at a time of its own, and nothing is left over at the end.";
    Drained = "drained" "Before a planned stop every session is told to change servers, and whoever is told leaves by itself.";
    Converged = "converged" "When everything is mended, all clients are logged in within the bound and have all messages of their rooms.";
    Honest = "honest" "No part of the system panics, stops or fails without a fault that explains it.";
}

/// An invariant does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When.
    pub at: Duration,
    /// What was seen.
    pub what: String,
    /// The place of it in the trace: the events before it tell the story.
    pub event: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, at, what, event } = self;
        writeln!(f, "{} is violated at {:.3}s (event {event}): {what}", invariant.name(), at.as_secs_f64())?;
        write!(f, "  must hold: {}", invariant.sentence())
    }
}

/// How many violations one run keeps; one is enough to fail.
const KEPT: usize = 20;

/// Where violations are reported; clones report to the same place.
#[derive(Clone, Debug)]
pub struct Court {
    clock: SimClock,
    trace: Tracer,
    found: Arc<Mutex<Vec<Violation>>>,
    host: Arc<str>,
}

impl Court {
    /// No violations.
    #[must_use]
    pub fn new(clock: SimClock, trace: Tracer) -> Self {
        Self { clock, trace, found: Arc::default(), host: "world".into() }
    }

    /// Reports one.
    pub fn report(&self, invariant: Invariant, what: impl Into<String>) {
        let what = what.into();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= KEPT {
            return;
        }
        let event = self.trace.record(&self.host, 0, Kind::Violation(format!("{}: {what}", invariant.name())));
        found.push(Violation { invariant, at: self.clock.elapsed(), what, event });
    }

    /// Whether none was reported.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// All of them.
    #[must_use]
    pub fn found(&self) -> Vec<Violation> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_files_use() {
        for invariant in Invariant::ALL {
            let read: Result<Invariant, _> = serde_json::from_str(&format!("\"{}\"", invariant.name()));
            assert_eq!(read.ok(), Some(*invariant));
        }
    }
}
