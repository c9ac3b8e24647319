//! The hub: takes whatever has come, handles all of it in one unit of work, commits, and only then transmits.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::line::{Line, Order, start};
use super::{Event, Note, ServeError, Setup};
use crate::proto::quirk::Quirk;
use crate::proto::server::{ConnId, Input, Output, Server};
use crate::store::Database;

/// Inputs that one batch takes at most.
const BATCH_MAX: usize = 1024;
/// How long the peers have to take what is queued when the server stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Hub {
    server: Server,
    db: Database,
    setup: Setup,
    inbox: mpsc::Sender<Event>,
    writers: Writers,
    live: BTreeSet<ConnId>,
    next_conn: ConnId,
}

impl Hub {
    pub(super) fn new(server: Server, db: Database, setup: Setup, inbox: mpsc::Sender<Event>) -> Self {
        Self { server, db, setup, inbox, writers: BTreeMap::new(), live: BTreeSet::new(), next_conn: 1 }
    }

    pub(super) async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let mut stop = pin!(stop);
        let mut batch = Vec::new();
        loop {
            let deadline = self.server.deadline();
            let clock = self.setup.clock.clone();
            let wait = async {
                match deadline {
                    Some(at) => tokio::time::sleep(at - clock.now()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                n = events.recv_many(&mut batch, BATCH_MAX) => if n == 0 { break },
                () = wait => (),
            }
            self.turns(&mut batch, false).await?;
        }
        self.turns(&mut batch, true).await?;
        let _ = timeout(DRAIN_WITHIN, async {
            while !self.live.is_empty() && events.recv_many(&mut batch, BATCH_MAX).await > 0 {
                for event in batch.drain(..) {
                    if let Event::Gone(conn) = event {
                        self.live.remove(&conn);
                    }
                }
            }
        })
        .await;
        Ok(())
    }

    /// What came before an end is answered before the end is looked at: a peer may close its sending half and wait.
    async fn turns(&mut self, batch: &mut Vec<Event>, drain: bool) -> Result<(), ServeError> {
        let mut ends: Vec<Event> = batch.extract_if(.., |e| matches!(e, Event::Gone(_))).collect();
        if !batch.is_empty() || drain || ends.is_empty() {
            self.turn(batch, drain).await?;
        }
        if ends.is_empty() { Ok(()) } else { self.turn(&mut ends, false).await }
    }

    /// One batch: handle, commit, transmit.
    async fn turn(&mut self, batch: &mut Vec<Event>, drain: bool) -> Result<(), ServeError> {
        let now = self.setup.clock.now();
        let mut done = Ok(());
        let mut unit = self.db.begin().map_err(ServeError::Store)?;
        for event in batch.drain(..) {
            let input = match &event {
                Event::Read(conn, bytes) => {
                    note(&self.setup, &Note::Read(*conn, bytes));
                    Input::Bytes { conn: *conn, bytes }
                }
                Event::Gone(conn) => {
                    note(&self.setup, &Note::Gone(*conn));
                    self.writers.remove(conn);
                    self.live.remove(conn);
                    Input::Closed { conn: *conn }
                }
                Event::Sent(conn, bytes) => Input::Sent { conn: *conn, bytes: *bytes },
                Event::Key(conn, key) => Input::Unwrapped { conn: *conn, key: key.clone() },
                Event::Accepted(door, _) => Input::Accepted { conn: self.next_conn, door: *door },
            };
            done = done.and(self.server.handle(input, now, &mut unit));
            if let Event::Accepted(door, stream) = event {
                let conn = self.next_conn;
                self.next_conn += 1;
                note(&self.setup, &Note::Accepted(conn, door));
                self.writers.insert(conn, start(conn, stream, &self.inbox));
                self.live.insert(conn);
            }
        }
        if drain {
            done = done.and(self.server.handle(Input::Drain, now, &mut unit));
        }
        done = done.and(self.server.handle(Input::Tick, now, &mut unit));
        let mut early = Vec::new();
        if self.server.config().quirks.has(Quirk::AckBeforeDurable) {
            early.extend(std::iter::from_fn(|| self.server.poll_output()));
        }
        if let Err(e) = done {
            self.server.abandon();
            let _ = unit.abort();
            return Err(ServeError::Store(e));
        }
        let dirty = unit.is_dirty();
        for output in early {
            perform(output, &mut self.setup, &mut self.writers, &self.inbox);
        }
        if dirty {
            if let Some(pace) = &mut self.setup.pace {
                tokio::time::sleep(pace()).await;
            }
        }
        if let Err(e) = unit.commit() {
            self.server.abandon();
            return Err(ServeError::Store(e));
        }
        if dirty {
            note(&self.setup, &Note::Committed);
        }
        while let Some(output) = self.server.poll_output() {
            perform(output, &mut self.setup, &mut self.writers, &self.inbox);
        }
        Ok(())
    }
}

type Writers = BTreeMap<ConnId, Line>;

/// Does what the machine wants done.
fn perform(output: Output, setup: &mut Setup, writers: &mut Writers, inbox: &mpsc::Sender<Event>) {
    match output {
        Output::Transmit { conn, bytes } => {
            note(setup, &Note::Written(conn, &bytes));
            if let Some(line) = writers.get(&conn) {
                let _ = line.orders.send(Order::Write(bytes));
            }
        }
        Output::Close { conn, why } => {
            note(setup, &Note::Closing(conn, why));
            if let Some(line) = writers.remove(&conn) {
                line.close(why);
            }
        }
        Output::Unwrap { conn, era, wrapped } => setup.unwrapper.start(conn, era, wrapped, inbox.clone()),
    }
}

fn note(setup: &Setup, what: &Note<'_>) {
    if let Some(observer) = &setup.observer {
        observer(what);
    }
}
