//! How long a step waits, and when it gives up before.

use core::time::Duration;

use super::interpret::Run;
use super::target::Open;
use crate::proto::time::Time;
use crate::spec::format::driving::EventKind;
use crate::spec::format::{Span, Step};

/// A wait for something that has to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// When it is over.
    until: Time,
    /// From when on a target that does nothing more ends it.
    open: Open,
}

/// Nothing has been sent, opened or ended since a barrier: what the target had to say was said before its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// When the barrier was over.
    pub(super) since: Time,
    /// The slowest of its round trips.
    pub(super) slowest: Duration,
}

impl Run<'_> {
    /// Lets this time pass, and files what comes.
    pub(super) fn pass(&mut self, span: Duration) {
        let until = self.target.now() + span;
        while self.pump(until) {}
    }

    /// Waits until nothing has been done for so long that what comes late would be here. Steps that look at one calm
    /// share it; and where a barrier tells how fast the target is, it may be shorter than the case says.
    pub(super) fn settle(&mut self, written: Duration) {
        let (since, wait) = match self.calm {
            Some(calm) => (calm.since, self.target.settles(written, calm.slowest)),
            None => (self.target.now(), written),
        };
        let until = (since + wait.max(self.target.grain())).min(self.end);
        while self.pump(until) {}
    }

    /// When a wait that begins now is over; never behind the end of the case.
    pub(super) fn until(&self, within: Option<Span>) -> Time {
        let wait = within.map_or_else(|| self.target.patience(), |s| s.0.max(self.target.grain()));
        (self.target.now() + wait).min(self.end)
    }

    /// A wait for something that has to come.
    pub(super) fn wait(&self, within: Option<Span>) -> Wait {
        let given = within.map_or(Duration::ZERO, |s| s.0);
        let within = within.map(|s| Span(self.target.leniently(s.0)));
        Wait { until: self.until(within), open: Open { since: self.target.now() + given, given } }
    }

    /// Waits for the target to do something, and files it. False when the time has come.
    pub(super) fn pump(&mut self, until: Time) -> bool {
        let happened = self.target.poll(until);
        happened.is_some_and(|h| {
            self.file(h);
            true
        })
    }

    /// As [`Run::pump`], for something that has to come.
    pub(super) fn pump_for(&mut self, wait: Wait) -> bool {
        let happened = self.target.poll_while_busy(wait.until, wait.open);
        happened.is_some_and(|h| {
            self.file(h);
            true
        })
    }
}

/// How long to look whether the target has died, after a step.
pub(super) fn doubt(failed: bool, step: &Step) -> Duration {
    Duration::from_millis(if failed { 100 } else { u64::from(sees_an_end(step)) * 20 })
}

/// Whether a step waits for the end of a connection, which may be all that one sees of a death.
fn sees_an_end(s: &Step) -> bool {
    let inner = s.together.iter().flat_map(|t| &t.steps).any(sees_an_end);
    let told = s.observe.as_ref().is_some_and(|o| o.event == EventKind::Disconnected && !o.never);
    inner || told || s.expect.as_ref().is_some_and(|e| e.closed == Some(true)) || s.outcome.is_some()
}
