//! A device that asks for news: now and then, or all the time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::Backoff;
use super::pipe::{Address, Pipe};
use crate::claims::device::{Device, Doing, Heard, gone};
use crate::claims::transport::{Habits, Way};
use crate::net::Network;
use crate::proto::entropy::Entropy;

/// The one path.
const PATH: &str = "/rooms/mine/messages";
/// A long poll must not be taken for a dead connection.
const MARGIN: Duration = Duration::from_secs(15);

/// The device.
#[derive(Debug)]
pub struct Asking<N: Network> {
    shared: Arc<Shared<N>>,
    sends: mpsc::UnboundedSender<(String, oneshot::Sender<()>)>,
    /// Whether it is to look for news.
    on: watch::Sender<bool>,
}

#[derive(Debug)]
struct Shared<N> {
    /// For what is sent.
    writes: Pipe<N>,
    /// For news, where they have a connection of their own.
    reads: Option<Pipe<N>>,
    /// Up to which message we know, and who hears of others.
    known: Mutex<(i64, mpsc::UnboundedSender<String>)>,
    /// Seconds that the server may hold a question.
    wait: u64,
}

impl<N: Network> Shared<N> {
    /// One question for news.
    async fn look(&self, wait: u64) -> io::Result<()> {
        let after = self.known.lock().await.0;
        let path =
            if wait == 0 { format!("{PATH}?after={after}") } else { format!("{PATH}?after={after}&wait={wait}") };
        // A question that is held would keep one waiting that is not.
        let pipe = self.reads.as_ref().filter(|_| wait > 0).unwrap_or(&self.writes);
        let news = pipe.ask(Method::GET, &path, None).await?;
        let mut known = self.known.lock().await;
        let upto = news["after"].as_i64().unwrap_or(after);
        if upto <= known.0 {
            return Ok(());
        }
        known.0 = upto;
        for message in news["messages"].as_array().into_iter().flatten() {
            let _ = known.1.send(message["text"].as_str().unwrap_or_default().to_owned());
        }
        Ok(())
    }

    async fn post(&self, id: i64, text: &str) -> io::Result<Value> {
        self.writes.ask(Method::POST, PATH, Some(&json!({"id": id, "text": text}))).await
    }
}

/// A device that polls by `way`, or holds long polls.
pub fn start<N: Network>(
    net: &N,
    to: &Address,
    way: Way,
    long: bool,
    habits: &Habits,
    mut dice: Entropy,
) -> (Asking<N>, Heard) {
    let (tell, heard) = mpsc::unbounded_channel();
    let wait = if long { habits.held.as_secs() } else { 0 };
    let shared = Arc::new(Shared {
        writes: Pipe::new(net.clone(), to.clone(), way, habits.patience),
        reads: long.then(|| Pipe::new(net.clone(), to.clone(), way, habits.held + MARGIN)),
        known: Mutex::new((0, tell)),
        wait,
    });
    let (sends, todo) = mpsc::unbounded_channel();
    let (on, is_on) = watch::channel(false);
    tokio::spawn(write(shared.clone(), todo, Backoff::new(dice.fork())));
    let every = if long { Duration::ZERO } else { habits.poll };
    tokio::spawn(read(shared.clone(), is_on, every, dice));
    (Asking { shared, sends, on }, heard)
}

/// Sends one text after the other, each until it is acknowledged.
async fn write<N: Network>(
    shared: Arc<Shared<N>>,
    mut todo: mpsc::UnboundedReceiver<(String, oneshot::Sender<()>)>,
    mut backoff: Backoff,
) {
    let mut id = 0;
    while let Some((text, done)) = todo.recv().await {
        id += 1;
        while shared.post(id, &text).await.is_err() {
            backoff.wait().await;
        }
        backoff.reset();
        let _ = done.send(());
    }
}

/// Looks for news as long as it is to.
async fn read<N: Network>(shared: Arc<Shared<N>>, mut on: watch::Receiver<bool>, every: Duration, mut dice: Entropy) {
    let mut backoff = Backoff::new(dice.fork());
    while on.wait_for(|on| *on).await.is_ok() {
        // Devices do not ask in step.
        let first = dice.below(u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1));
        let mut next = Duration::from_millis(first);
        loop {
            tokio::select! {
                biased;
                changed = on.wait_for(|on| !*on) => {
                    if changed.is_err() { return }
                    break;
                }
                // The runtime's shortest sleep is a millisecond: who asks at once does not sleep.
                () = tokio::time::sleep(next), if !next.is_zero() => (),
                () = std::future::ready(()), if next.is_zero() => (),
            }
            let looked = tokio::select! {
                biased;
                _ = on.wait_for(|on| !*on) => break,
                looked = shared.look(shared.wait) => looked,
            };
            if looked.is_ok() {
                next = every;
                backoff.reset();
            } else {
                next = Duration::ZERO;
                backoff.wait().await;
            }
        }
    }
}

impl<N: Network> Device for Asking<N> {
    fn login(&self) -> Doing<()> {
        let (shared, on) = (self.shared.clone(), self.on.clone());
        Box::pin(async move {
            shared.look(0).await?;
            on.send_replace(true);
            Ok(())
        })
    }

    fn send(&self, text: String) -> Doing<()> {
        let (done, is_done) = oneshot::channel();
        let sent = self.sends.send((text, done));
        Box::pin(async move {
            sent.map_err(|_| gone())?;
            is_done.await.map_err(|_| gone())
        })
    }

    fn beat(&self) -> Doing<()> {
        let shared = self.shared.clone();
        Box::pin(async move { shared.look(0).await })
    }

    fn hang_up(&self) -> Doing<()> {
        let (shared, on) = (self.shared.clone(), self.on.clone());
        Box::pin(async move {
            on.send_replace(false);
            shared.writes.close().await;
            if let Some(reads) = &shared.reads {
                reads.close().await;
            }
            Ok(())
        })
    }
}
