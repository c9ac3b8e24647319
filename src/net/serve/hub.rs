//! The hub: takes whatever has come, handles all of it in one unit of work, commits, and only then transmits.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::line::{CLOSE_WITHIN, Line, Put, start};
use super::{BATCH_MAX, Event, Note, ServeError, Setup, Spares, Steer};
use crate::net::alarm::Alarm;
use crate::proto::quirk::Quirk;
use crate::proto::server::store::{Store, StoreError};
use crate::proto::server::{ConnId, Input, Output, Server};
use crate::proto::time::Time;
use crate::store::{Commit, Database, Unit};

/// The planted bug that leaves the sync to a later commit syncs every so many of them.
const SYNC_EVERY: u64 = 8;
/// How long the lines have to end when the server stops: each of them is bounded, and this is only in case.
const DRAIN_WITHIN: Duration = CLOSE_WITHIN.saturating_add(Duration::from_secs(1));

/// The machine, its store, and the lines to its peers.
pub(super) struct Hub {
    server: Server,
    db: Database,
    lines: Lines,
    next_conn: ConnId,
    /// Commits with something in them.
    batches: u64,
}

impl Hub {
    pub(super) fn new(
        server: Server,
        mut db: Database,
        setup: Setup,
        inbox: mpsc::Sender<Event>,
        at_once: bool,
    ) -> Self {
        if server.config().quirks.has(Quirk::CommitsHalfAUnit) {
            db.commit_in_halves();
        }
        let (open, live, awaits_key) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self {
            server,
            db,
            next_conn: setup.part.conns_above + 1,
            lines: Lines {
                setup,
                inbox,
                open,
                live,
                awaits_key,
                spares: Spares::default(),
                taken: Vec::new(),
                at_once,
            },
            batches: 0,
        }
    }

    pub(super) async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let mut stop = pin!(stop);
        let (mut batch, mut alarm) = (Vec::new(), Alarm::default());
        let mut steer = self.lines.setup.part.steer.take();
        let most = self.lines.setup.batch.clamp(1, BATCH_MAX);
        loop {
            alarm.by(self.server.deadline(), &self.lines.setup.clock);
            let again = !batch.is_empty();
            tokio::select! {
                biased;
                () = &mut stop => break,
                n = events.recv_many(&mut batch, most) => if n == 0 { break },
                Some(steer) = steered(&mut steer) => batch.push(Event::Steer(steer)),
                () = alarm.rings() => (),
                () = tokio::task::yield_now(), if again => (),
            }
            if self.db.waits() {
                gather(&mut events, &mut batch, most).await;
            }
            self.turns(&mut batch, false).await?;
            batch.append(&mut self.lines.taken);
        }
        self.turns(&mut batch, true).await?;
        let _ = timeout(DRAIN_WITHIN, async {
            while !self.lines.live.is_empty() && events.recv_many(&mut batch, BATCH_MAX).await > 0 {
                self.lines.ended(&batch);
                batch.clear();
            }
        })
        .await;
        Ok(())
    }

    /// What came before an end is answered before the end is looked at: a peer may close its sending half and wait.
    async fn turns(&mut self, batch: &mut Vec<Event>, drain: bool) -> Result<(), ServeError> {
        let mut ends: Vec<Event> = batch.extract_if(.., |e| matches!(e, Event::Gone(_) | Event::Ended(_))).collect();
        self.lines.ended(&ends);
        ends.retain(|e| !self.lines.is_awaited(e));
        for event in batch.iter() {
            if let Event::Key(conn, _) = event
                && self.lines.awaits_key.remove(conn) == Some(true)
            {
                ends.push(Event::Gone(*conn));
            }
        }
        if !batch.is_empty() || drain || ends.is_empty() {
            self.turn(batch, drain).await?;
        }
        if ends.is_empty() { Ok(()) } else { self.turn(&mut ends, false).await }
    }

    /// One batch: handle, commit, transmit.
    async fn turn(&mut self, batch: &mut Vec<Event>, drain: bool) -> Result<(), ServeError> {
        let (now, waits) = (self.lines.setup.clock.now(), self.db.waits());
        let mut unit = self.db.begin().map_err(ServeError::Store)?;
        let (server, lines) = (&mut self.server, &mut self.lines);
        let orders = lines.setup.operator.as_mut().map(|operator| operator()).unwrap_or_default();
        let mut done = orders.iter().try_for_each(|effect| unit.apply(effect));
        for event in batch.drain(..) {
            done = done.and(one_event(event, server, lines, &mut self.next_conn, now, &mut unit));
        }
        if drain {
            done = done.and(server.handle(Input::Drain, now, &mut unit));
        }
        done = done.and(server.handle(Input::Tick, now, &mut unit));
        if let Err(e) = done {
            server.abandon();
            let _ = unit.abort();
            return Err(ServeError::Store(e));
        }
        if server.config().quirks.has(Quirk::AckBeforeDurable) {
            lines.perform_all(server);
        }
        while let Some(output) = server.poll_early() {
            lines.perform(output, server);
        }
        let dirty = unit.is_dirty();
        if dirty && let Some(takes) = lines.setup.pace.as_mut().and_then(|pace| pace()) {
            tokio::time::sleep(takes).await;
        }
        let quirks = server.config().quirks;
        let lazy = quirks.has(Quirk::CommitWithoutSync) && !self.batches.is_multiple_of(SYNC_EVERY);
        self.batches += u64::from(dirty);
        let commit = if lazy { unit.finish_unsynced().map_err(ServeError::Store)? } else { unit.finish() };
        if let Err(e) = committed(commit, waits).await
            && !quirks.has(Quirk::IgnoresCommitError)
        {
            server.abandon();
            return Err(ServeError::Store(e));
        }
        if dirty {
            lines.note(&Note::Committed);
        }
        lines.perform_all(server);
        Ok(())
    }
}

/// Lets every reader that has something hand it on: a commit that waits for a disk is worth more company.
async fn gather(events: &mut mpsc::Receiver<Event>, batch: &mut Vec<Event>, most: usize) {
    tokio::task::yield_now().await;
    while batch.len() < most
        && let Ok(event) = events.try_recv()
    {
        batch.push(event);
    }
}

/// Commits. Where that `waits` for a disk, it does so on another thread: this one goes on reading from the peers.
#[allow(clippy::disallowed_methods)]
async fn committed(commit: Commit, waits: bool) -> Result<(), StoreError> {
    if !waits || commit.is_empty() {
        return commit.run();
    }
    let done = tokio::task::spawn_blocking(move || commit.run()).await;
    done.unwrap_or_else(|e| Err(StoreError(format!("the commit did not end: {e}"))))
}

/// What somebody in charge says next; never, where there is nobody.
async fn steered(steer: &mut Option<mpsc::UnboundedReceiver<Steer>>) -> Option<Steer> {
    match steer.as_mut()?.recv().await {
        None => {
            *steer = None;
            None
        }
        some => some,
    }
}

/// Tells the machine what happened, and the lines where they are concerned.
fn one_event(
    event: Event,
    server: &mut Server,
    lines: &mut Lines,
    next_conn: &mut ConnId,
    now: Time,
    unit: &mut Unit<'_>,
) -> Result<(), StoreError> {
    let input = match &event {
        Event::Read(conn, bytes) => {
            lines.note(&Note::Read(*conn, bytes));
            Input::Bytes { conn: *conn, bytes }
        }
        Event::Gone(conn) | Event::Ended(conn) => {
            lines.note(&Note::Gone(*conn));
            lines.open.remove(conn);
            Input::Closed { conn: *conn }
        }
        Event::Sent(conn, bytes) => {
            if !bytes.is_empty() {
                lines.note(&Note::Sent(*conn, bytes.len()));
            }
            Input::Sent { conn: *conn, bytes: bytes.len() }
        }
        Event::Key(conn, key) => Input::Unwrapped { conn: *conn, key: key.clone() },
        Event::Steer(Steer::Carriage { host, port }) => Input::Carriage { host, port: *port },
        Event::Steer(Steer::Kick { user, reason }) => Input::Kick { user: *user, reason: *reason },
        Event::Accepted(door, _) => Input::Accepted { conn: *next_conn, door: *door },
    };
    let done = server.handle(input, now, unit);
    match event {
        Event::Accepted(door, stream) => {
            let conn = *next_conn;
            *next_conn += 1;
            lines.note(&Note::Accepted(conn, door));
            let keeps = server.config().quirks.has(Quirk::KeepsDeadSockets);
            lines.open.insert(conn, start(conn, stream, &lines.inbox, &lines.spares, lines.at_once, keeps));
            lines.live.insert(conn);
        }
        Event::Read(conn, bytes) => {
            if let Some(line) = lines.open.get(&conn) {
                line.handled(bytes.len());
            }
            lines.spares.give(bytes);
        }
        Event::Sent(_, bytes) => server.recycle(bytes),
        _ => (),
    }
    done
}

/// The lines to the peers, and what it takes to do what the machine wants done.
struct Lines {
    setup: Setup,
    inbox: mpsc::Sender<Event>,
    /// Lines that may still be written to.
    open: BTreeMap<ConnId, Line>,
    /// Lines whose tasks have not ended yet.
    live: BTreeSet<ConnId>,
    /// Lines whose key is being unwrapped, and whether the peer has ended in the meantime.
    awaits_key: BTreeMap<ConnId, bool>,
    /// Read buffers.
    spares: Spares,
    /// What the peers have taken at once, where the machine wants to hear of it again.
    taken: Vec<Event>,
    /// Whether they are written to from here.
    at_once: bool,
}

impl Lines {
    /// The tasks of these lines have ended.
    fn ended(&mut self, events: &[Event]) {
        for event in events {
            if let Event::Ended(conn) = event {
                self.live.remove(conn);
            }
        }
    }

    /// Whether this end must wait: the request that came before it cannot be read before the key is there.
    fn is_awaited(&mut self, end: &Event) -> bool {
        let (Event::Gone(conn) | Event::Ended(conn)) = end else { return false };
        self.awaits_key.get_mut(conn).map(|ended| *ended = true).is_some()
    }

    fn perform_all(&mut self, server: &mut Server) {
        while let Some(output) = server.poll_output() {
            self.perform(output, server);
        }
    }

    /// Does what the machine wants done.
    fn perform(&mut self, output: Output, server: &mut Server) {
        match output {
            Output::Transmit { conn, bytes } => {
                self.note(&Note::Written(conn, &bytes));
                let Some(line) = self.open.get(&conn) else { return };
                let Put { spare, sent } = line.write(bytes);
                server.recycle(spare);
                if sent > 0 {
                    self.note(&Note::Sent(conn, sent));
                    if server.sent(conn, sent) {
                        self.taken.push(Event::Sent(conn, Vec::new()));
                    }
                }
            }
            Output::Close { conn, why } => {
                self.note(&Note::Closing(conn, why));
                if let Some(line) = self.open.remove(&conn) {
                    line.close(why);
                }
            }
            Output::Unwrap { conn, era, wrapped } => {
                self.awaits_key.insert(conn, false);
                self.setup.unwrapper.start(conn, era, wrapped, self.inbox.clone());
            }
        }
    }

    fn note(&self, what: &Note<'_>) {
        if let Some(observer) = &self.setup.observer {
            observer(what);
        }
    }
}
