//! A device on a WebSocket: what it sends is kept until it is acknowledged, and a silent connection is given up.

use std::collections::VecDeque;
use std::io;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::Backoff;
use super::pipe::Address;
use crate::claims::device::{Device, Doing, Heard, gone};
use crate::claims::transport::Habits;
use crate::net::{BoxStream, Network, tls};
use crate::proto::entropy::Entropy;

type Socket = WebSocketStream<TlsStream<BoxStream>>;

enum Order {
    Login(oneshot::Sender<()>),
    Send(String, oneshot::Sender<()>),
    Beat(oneshot::Sender<()>),
    HangUp(oneshot::Sender<()>),
}

/// The device.
#[derive(Debug)]
pub struct OnSocket {
    orders: mpsc::UnboundedSender<Order>,
}

/// What it knows, with or without a connection.
struct Life<N> {
    net: N,
    to: Address,
    habits: Habits,
    /// Up to which message we know.
    after: i64,
    last: i64,
    /// Not acknowledged yet.
    open: VecDeque<(i64, String, oneshot::Sender<()>)>,
    beats: Vec<oneshot::Sender<()>>,
    logins: Vec<oneshot::Sender<()>>,
    tell: mpsc::UnboundedSender<String>,
}

/// How a connection ended.
enum End {
    Broken,
    HungUp,
    Dropped,
}

/// A device that waits to be told to log in.
pub fn start<N: Network>(net: &N, to: &Address, habits: &Habits, dice: Entropy) -> (OnSocket, Heard) {
    let (orders, todo) = mpsc::unbounded_channel();
    let (tell, heard) = mpsc::unbounded_channel();
    let life = Life {
        net: net.clone(),
        to: to.clone(),
        habits: *habits,
        after: 0,
        last: 0,
        open: VecDeque::new(),
        beats: Vec::new(),
        logins: Vec::new(),
        tell,
    };
    tokio::spawn(live(life, todo, dice));
    (OnSocket { orders }, heard)
}

async fn live<N: Network>(mut life: Life<N>, mut todo: mpsc::UnboundedReceiver<Order>, dice: Entropy) {
    let mut backoff = Backoff::new(dice);
    let mut on = false;
    loop {
        while !on {
            match todo.recv().await {
                Some(order) => on = life.take(order).is_some_and(|o| matches!(o, Took::Login)),
                None => return,
            }
        }
        match timeout(life.habits.patience, life.connect()).await {
            Ok(Ok(socket)) => {
                backoff.reset();
                match life.talk(socket, &mut todo).await {
                    End::Broken => (),
                    End::HungUp => on = false,
                    End::Dropped => return,
                }
            }
            _ => backoff.wait().await,
        }
    }
}

/// Whoever waits may go on; he may have gone before.
fn done(waiter: oneshot::Sender<()>) {
    let _ = waiter.send(());
}

/// What an order has come to.
enum Took {
    Login,
    Wrote(i64, String),
    Beat,
    HungUp,
}

impl<N: Network> Life<N> {
    async fn connect(&self) -> io::Result<Socket> {
        let stream = self.net.connect(&self.to.host, self.to.port).await?;
        let stream = self.to.tls.connect(tls::server_name(&self.to.host)?, stream).await?;
        let url = format!("wss://{}:{}/rooms/mine", self.to.host, self.to.port);
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(super::buffers()))
            .await
            .map_err(io::Error::other)?;
        Ok(socket)
    }

    /// Keeps an order in mind.
    fn take(&mut self, order: Order) -> Option<Took> {
        match order {
            Order::Login(done) => {
                self.logins.push(done);
                Some(Took::Login)
            }
            Order::Send(text, done) => {
                self.last += 1;
                self.open.push_back((self.last, text.clone(), done));
                Some(Took::Wrote(self.last, text))
            }
            Order::Beat(done) => {
                self.beats.push(done);
                Some(Took::Beat)
            }
            Order::HangUp(done) => {
                let _ = done.send(());
                Some(Took::HungUp)
            }
        }
    }

    /// Talks until the connection ends.
    async fn talk(&mut self, mut socket: Socket, todo: &mut mpsc::UnboundedReceiver<Order>) -> End {
        let hello = json!({"token": self.to.token, "after": self.after});
        let mut due: Vec<Value> = vec![hello];
        due.extend(self.open.iter().map(|(id, text, _)| json!({"id": id, "text": text})));
        for text in due {
            if socket.send(Message::text(text.to_string())).await.is_err() {
                return End::Broken;
            }
        }
        let mut beat = Box::pin(sleep(self.habits.heartbeat));
        let mut silence = Box::pin(sleep(self.habits.patience));
        // Something was asked and not answered yet.
        let mut waits = true;
        loop {
            let say = tokio::select! {
                biased;
                came = socket.next() => {
                    let mut answered = false;
                    match came {
                        Some(Ok(Message::Text(text))) => answered = self.hear(&text),
                        Some(Ok(Message::Pong(_))) => {
                            self.beats.drain(..).for_each(done);
                            answered = true;
                        }
                        Some(Ok(_)) => (),
                        _ => return End::Broken,
                    }
                    // News alone show that one way is alive, and say nothing of the other.
                    if answered {
                        waits = !self.open.is_empty() || !self.beats.is_empty();
                        silence = Box::pin(sleep(self.habits.patience));
                    }
                    continue;
                }
                order = todo.recv() => match order.map(|order| self.take(order)) {
                    None => return End::Dropped,
                    Some(Some(Took::Wrote(id, text))) => Message::text(json!({"id": id, "text": text}).to_string()),
                    Some(Some(Took::Beat)) => Message::Ping(Bytes::new()),
                    Some(Some(Took::HungUp)) => return End::HungUp,
                    Some(_) => {
                        self.logins.drain(..).for_each(done);
                        continue;
                    }
                },
                () = &mut beat => {
                    beat = Box::pin(sleep(self.habits.heartbeat));
                    Message::Ping(Bytes::new())
                }
                () = &mut silence, if waits => return End::Broken,
            };
            if !waits {
                silence = Box::pin(sleep(self.habits.patience));
                waits = true;
            }
            if !matches!(timeout(self.habits.patience, socket.send(say)).await, Ok(Ok(()))) {
                return End::Broken;
            }
        }
    }

    /// Takes what the server says; whether it is an answer.
    fn hear(&mut self, text: &str) -> bool {
        let said: Value = serde_json::from_str(text).unwrap_or_default();
        match said["type"].as_str() {
            Some("welcome") => self.logins.drain(..).for_each(done),
            Some("message") => {
                self.after = self.after.max(said["id"].as_i64().unwrap_or_default());
                let _ = self.tell.send(said["text"].as_str().unwrap_or_default().to_owned());
                return false;
            }
            Some("sent") => {
                let id = said["id"].as_i64().unwrap_or_default();
                while let Some((_, _, done)) = self.open.pop_front_if(|(n, _, _)| *n <= id) {
                    let _ = done.send(());
                }
            }
            _ => return false,
        }
        true
    }
}

impl OnSocket {
    fn order(&self, make: impl FnOnce(oneshot::Sender<()>) -> Order) -> Doing<()> {
        let (done, is_done) = oneshot::channel();
        let sent = self.orders.send(make(done));
        Box::pin(async move {
            sent.map_err(|_| gone())?;
            is_done.await.map_err(|_| gone())
        })
    }
}

impl Device for OnSocket {
    fn login(&self) -> Doing<()> {
        self.order(Order::Login)
    }

    fn send(&self, text: String) -> Doing<()> {
        self.order(|done| Order::Send(text, done))
    }

    fn beat(&self) -> Doing<()> {
        self.order(Order::Beat)
    }

    fn hang_up(&self) -> Doing<()> {
        self.order(Order::HangUp)
    }
}
