//! One connection: a reader that hands bytes to the hub, a writer for what the peer does not take at once from the hub,
//! and what the three share. A connection at rest has no buffer: the reader reads into its stack, and what is written is
//! given back.

mod slot;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

pub(super) use self::slot::Put;
use self::slot::{Ending, Slot};
use super::{Event, Spares};
use crate::net::{BoxStream, READ_MAX};
use crate::proto::error::PeerMisbehaved;
use crate::proto::server::{ConnId, Why};

/// How long a peer has to take what is queued when we close, or when it has said its last word.
pub(super) const CLOSE_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of one connection that may wait for the hub: whoever sends more at once waits, and others have their turn.
const UNREAD_MAX: usize = READ_MAX;

/// The hub's end of a connection: dropping it ends the connection once what is queued is written, and in any case within
/// a bound.
pub(super) struct Line(Arc<Slot>);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Line {
    /// Has these bytes written, at once or behind what waits already, all in one write.
    pub(super) fn write(&self, bytes: Vec<u8>) -> Put {
        self.0.put(bytes)
    }

    /// The hub has handled so many bytes of the peer.
    pub(super) fn handled(&self, bytes: usize) {
        self.0.handled(bytes);
    }

    /// Closes it when what is queued is written, at once if the peer does not read.
    pub(super) fn close(self, why: Why) {
        if why == Why::Misbehaved(PeerMisbehaved::SlowReader) {
            self.0.kill();
        }
    }
}

/// Starts the two tasks of a connection. With `keeps`, a planted bug, its file is not given back when they end.
//= PROMISE-RELEASE-1
pub(super) fn start(
    conn: ConnId,
    stream: BoxStream,
    inbox: &mpsc::Sender<Event>,
    spares: &Spares,
    at_once: bool,
    keeps: bool,
) -> Line {
    let slot = Arc::new(Slot::new(stream, at_once));
    let reader = tokio::spawn(reader(conn, slot.clone(), inbox.clone(), spares.clone())).abort_handle();
    let (shared, inbox) = (slot.clone(), inbox.clone());
    tokio::spawn(async move {
        {
            let (mut writer, mut limit) = (pin!(writer(conn, &shared, &inbox)), None);
            poll_fn(|cx| {
                let ending = shared.ending(cx);
                if ending == Ending::Now || writer.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                match ending {
                    Ending::WhenWritten => limit.get_or_insert_with(|| Box::pin(sleep(CLOSE_WITHIN))).as_mut().poll(cx),
                    Ending::No | Ending::Now => Poll::Pending,
                }
            })
            .await;
        }
        if keeps {
            std::mem::forget(Arc::clone(&shared));
        } else {
            shared.let_go();
        }
        reader.abort();
        let _ = inbox.send(Event::Ended(conn)).await;
    });
    Line(slot)
}

/// Reads to the end and hands on what comes, then says that the end has come. It stops when nobody listens.
async fn reader(conn: ConnId, slot: Arc<Slot>, inbox: mpsc::Sender<Event>, spares: Spares) {
    while let Some(bytes) = poll_fn(|cx| slot.poll_read(cx, |bytes| spares.filled(bytes))).await {
        let len = bytes.len();
        if inbox.send(Event::Read(conn, bytes)).await.is_err() {
            return;
        }
        slot.wait_for_turn(len, UNREAD_MAX).await;
    }
    let _ = inbox.send(Event::Gone(conn)).await;
}

/// Writes what the hub left, everything that waits in one write. It ends when it is told to, when the hub has dropped
/// the connection, or when the peer is gone.
async fn writer(conn: ConnId, slot: &Slot, inbox: &mpsc::Sender<Event>) {
    loop {
        let (bytes, ends) = slot.take().await;
        if slot.is_writing() {
            let mut sent = 0;
            if poll_fn(|cx| slot.poll_write_all(cx, &bytes, &mut sent)).await.is_err() {
                return;
            }
            slot.written();
        }
        if !bytes.is_empty() {
            let _ = inbox.send(Event::Sent(conn, bytes)).await;
        }
        if ends {
            break;
        }
    }
    let _ = poll_fn(|cx| slot.poll_shutdown(cx)).await;
}
