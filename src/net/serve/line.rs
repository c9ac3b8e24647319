//! One connection: a reader that hands bytes to the hub, a writer that does what the hub orders.

use std::future::pending;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::Event;
use crate::net::{BoxStream, read_all};
use crate::proto::error::PeerMisbehaved;
use crate::proto::server::{ConnId, Why};

/// How long a peer has to take what is queued when we close.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

pub(super) enum Order {
    Write(Vec<u8>),
    Close,
}

/// The hub's end of a connection: dropping it ends the connection once what is queued is written.
pub(super) struct Line {
    pub(super) orders: mpsc::UnboundedSender<Order>,
    kill: oneshot::Sender<()>,
}

impl Line {
    /// Closes it when what is queued is written, at once if the peer does not read, and in any case within a bound.
    pub(super) fn close(self, why: Why) {
        let _ = self.orders.send(Order::Close);
        if why == Why::Misbehaved(PeerMisbehaved::SlowReader) {
            let _ = self.kill.send(());
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(CLOSE_WITHIN).await;
                let _ = self.kill.send(());
            });
        }
    }
}

/// Starts the two tasks of a connection.
pub(super) fn start(conn: ConnId, stream: BoxStream, inbox: &mpsc::Sender<Event>) -> Line {
    let (read, write) = tokio::io::split(stream);
    let (orders, todo) = mpsc::unbounded_channel();
    let (kill, killed) = oneshot::channel();
    let reader = tokio::spawn(read_all(read, inbox.clone(), move |b| Event::Read(conn, b), Event::Gone(conn)));
    let inbox = inbox.clone();
    tokio::spawn(async move {
        let killed = async {
            if killed.await.is_err() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = killed => (),
            () = writer(conn, write, todo, &inbox) => (),
        }
        reader.abort();
        let _ = inbox.send(Event::Gone(conn)).await;
    });
    Line { orders, kill }
}

/// Writes what it is told, everything that waits in one write. It ends when it is told to, when the hub has dropped
/// the connection, or when the peer is gone.
async fn writer(
    conn: ConnId,
    mut stream: WriteHalf<BoxStream>,
    mut todo: mpsc::UnboundedReceiver<Order>,
    inbox: &mpsc::Sender<Event>,
) {
    let mut bytes = Vec::new();
    while let Some(order) = todo.recv().await {
        let mut close = matches!(order, Order::Close);
        if let Order::Write(b) = order {
            bytes = b;
        }
        while let Ok(more) = todo.try_recv() {
            match more {
                Order::Write(b) => bytes.extend_from_slice(&b),
                Order::Close => close = true,
            }
        }
        if !bytes.is_empty() {
            if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            let _ = inbox.send(Event::Sent(conn, bytes.len())).await;
            bytes.clear();
        }
        if close {
            break;
        }
    }
    let _ = stream.shutdown().await;
}
