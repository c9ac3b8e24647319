//! The driver of `proto::client`: connects where the machine says, moves bytes, hands events on.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::alarm::Alarm;
use super::{BoxStream, Clock, Network, poll_read_some, tls};
use crate::proto::client::{Action, Client, ConnId, Event, Input, Output};

/// How long the server has to take what is queued when we close.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// What a client needs besides its machine.
#[derive(Clone)]
pub struct Setup {
    /// Time.
    pub clock: Clock,
    /// TLS for booking.
    pub tls: Option<TlsConnector>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Setup")
    }
}

/// Who sits at a machine: wants things of it and is told what happens.
pub(crate) trait Seat: Send {
    /// What can be wanted.
    type Order: Send;

    /// The next thing that is wanted; `None` when nobody will want anything any more.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Self::Order>>;

    /// What the machine has to do about it, if anything.
    fn turn(&mut self, order: Self::Order, client: &Client) -> Option<Action>;

    /// The machine has taken something in, and nobody knows of it yet: the time to keep what it remembers. `false` ends
    /// the client before anybody does.
    fn taken_in(&mut self, _client: &Client) -> bool {
        true
    }

    /// Takes an event; `false` ends the client.
    fn tell(&mut self, event: Event) -> bool;
}

struct Channels {
    actions: mpsc::Receiver<Action>,
    events: mpsc::UnboundedSender<Event>,
}

impl Seat for Channels {
    type Order = Action;

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        self.actions.poll_recv(cx)
    }

    fn turn(&mut self, order: Action, _: &Client) -> Option<Action> {
        Some(order)
    }

    fn tell(&mut self, event: Event) -> bool {
        self.events.send(event).is_ok()
    }
}

/// Drives `client` until `actions` or `events` is closed. Typed calls and more are in [`super::handle`].
///
/// Every event of the machine goes to `events`; every action of `actions` to the machine.
pub async fn connect<N: Network>(
    net: N,
    client: Client,
    setup: Setup,
    actions: mpsc::Receiver<Action>,
    events: mpsc::UnboundedSender<Event>,
) {
    drive(net, client, setup, Channels { actions, events }).await;
}

/// Drives `client` for whoever sits at it: one task, whatever it does.
pub(crate) async fn drive<N: Network, S: Seat>(net: N, mut client: Client, setup: Setup, mut seat: S) {
    let mut links = Links { net, setup: setup.clone(), open: Vec::new() };
    run(&mut links, &mut client, &setup.clock, &mut seat).await;
    links.close(|_| true);
}

/// Runs until nobody sits there any more.
async fn run<N: Network, S: Seat>(links: &mut Links<N>, client: &mut Client, clock: &Clock, seat: &mut S) {
    let (mut alarm, mut ordered) = (Alarm::default(), false);
    loop {
        if !seat.taken_in(client) {
            return;
        }
        while let Some(output) = client.poll_output() {
            match output {
                Output::Event(e) => {
                    if !seat.tell(e) {
                        return;
                    }
                }
                other => links.perform(other),
            }
        }
        alarm.at(client.deadline(), clock);
        let woken = poll_fn(|cx| {
            // Who wants much may not keep the peers from being heard, nor the other way round.
            if !ordered && let Poll::Ready(order) = seat.poll_next(cx) {
                return Poll::Ready(Woken::Order(order));
            }
            if links.poll(cx, client).is_ready() {
                return Poll::Ready(Woken::Heard);
            }
            if ordered && let Poll::Ready(order) = seat.poll_next(cx) {
                return Poll::Ready(Woken::Order(order));
            }
            alarm.poll(cx).map(|()| Woken::Rang)
        })
        .await;
        ordered = matches!(woken, Woken::Order(_));
        match woken {
            Woken::Order(None) => return,
            Woken::Order(Some(order)) => {
                if let Some(action) = seat.turn(order, client) {
                    client.handle(Input::Do(action), clock.now());
                }
            }
            Woken::Heard => (),
            Woken::Rang => client.handle(Input::Tick, clock.now()),
        }
    }
}

/// Why a driver goes on.
enum Woken<O> {
    /// Somebody wants something; nothing, when nobody will any more.
    Order(Option<O>),
    /// The machine has learned something of a connection.
    Heard,
    /// Its deadline has come.
    Rang,
}

/// A connection that stands.
struct Link {
    stream: BoxStream,
    /// What was transmitted and the peer has not taken yet, each to be written whole and flushed.
    unsent: VecDeque<Vec<u8>>,
    /// What of the first it has taken.
    sent: usize,
}

impl Link {
    fn new(stream: BoxStream) -> Self {
        Self { stream, unsent: VecDeque::new(), sent: 0 }
    }

    /// Writes what the stream takes. A connection at rest keeps no memory for it.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.unsent.front() {
            while let Some(rest) = first.get(self.sent..).filter(|rest| !rest.is_empty()) {
                match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    n => self.sent += n,
                }
            }
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unsent.pop_front();
            self.sent = 0;
        }
        self.unsent = VecDeque::new();
        Poll::Ready(Ok(()))
    }

    /// Writes, reads, and hands what was read to `take`; whether the connection lives on. What the peer has said before
    /// it was gone is read to the end, also when it takes nothing any more.
    fn poll(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&[u8])) -> Poll<bool> {
        let gone = matches!(self.poll_send(cx), Poll::Ready(Err(_)));
        match poll_read_some(&mut self.stream, cx, take) {
            Poll::Pending if gone => Poll::Ready(false),
            other => other.map(|some| some.is_some()),
        }
    }

    /// What was transmitted still goes out, at once or within a bound: a peer that ended without a word takes nothing
    /// any more.
    fn close(mut self) {
        let mut closing = Box::pin(async move {
            if poll_fn(|cx| self.poll_send(cx)).await.is_ok() {
                let _ = self.stream.shutdown().await;
            }
        });
        if closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(timeout(CLOSE_WITHIN, closing));
        }
    }
}

/// A connection that will stand.
type Dialing = Pin<Box<dyn Future<Output = io::Result<BoxStream>> + Send>>;

/// A connection that the machine has asked for.
enum Slot {
    Dialing(Dialing),
    Up(Link),
}

struct Links<N> {
    net: N,
    setup: Setup,
    /// One, as a rule.
    open: Vec<(ConnId, Slot)>,
}

impl<N: Network> Links<N> {
    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { conn, endpoint, tls, .. } => {
                let (net, tls) = (self.net.clone(), self.setup.tls.clone().filter(|_| tls));
                let dialing = async move { dial(&net, tls, &endpoint.host, endpoint.port).await };
                self.open.push((conn, Slot::Dialing(Box::pin(dialing))));
            }
            Output::Transmit { conn, bytes } => {
                if let Some((_, Slot::Up(link))) = self.open.iter_mut().find(|(c, _)| *c == conn) {
                    link.unsent.push_back(bytes);
                }
            }
            Output::Close { conn } => self.close(|c| c == conn),
            Output::Event(_) => (),
        }
    }

    /// Moves what can be moved; ready when the machine has learned something.
    fn poll(&mut self, cx: &mut Context<'_>, client: &mut Client) -> Poll<()> {
        let clock = &self.setup.clock;
        for (conn, slot) in &mut self.open {
            let conn = *conn;
            let input = match slot {
                Slot::Dialing(dialing) => match dialing.as_mut().poll(cx) {
                    Poll::Pending => continue,
                    Poll::Ready(Ok(stream)) => {
                        *slot = Slot::Up(Link::new(stream));
                        Input::Connected { conn }
                    }
                    Poll::Ready(Err(_)) => Input::ConnectFailed { conn },
                },
                Slot::Up(link) => {
                    let take = |bytes: &[u8]| client.handle(Input::Bytes { conn, bytes }, clock.now());
                    match link.poll(cx, take) {
                        Poll::Pending => continue,
                        Poll::Ready(true) => return Poll::Ready(()),
                        Poll::Ready(false) => Input::Closed { conn },
                    }
                }
            };
            let stands = matches!(input, Input::Connected { .. });
            client.handle(input, clock.now());
            if !stands {
                self.close(|c| c == conn);
            }
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn close(&mut self, which: impl Fn(ConnId) -> bool) {
        for (_, slot) in self.open.extract_if(.., |(conn, _)| which(*conn)) {
            if let Slot::Up(link) = slot {
                link.close();
            }
        }
    }
}

async fn dial<N: Network>(net: &N, tls: Option<TlsConnector>, host: &str, port: u16) -> io::Result<BoxStream> {
    let stream = net.connect(host, port).await?;
    match tls {
        None => Ok(stream),
        Some(tls) => Ok(Box::new(tls.connect(tls::server_name(host)?, stream).await?)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    /// What is read at this poll, and whether the connection lives on.
    fn poll(link: &mut Link) -> (Vec<u8>, Poll<bool>) {
        let mut got = Vec::new();
        let polled = link.poll(&mut Context::from_waker(Waker::noop()), |bytes| got.extend_from_slice(bytes));
        (got, polled)
    }

    #[tokio::test]
    async fn what_the_peer_said_before_it_was_gone_is_heard() {
        let (near, mut far) = duplex(64);
        let mut link = Link::new(Box::new(near));
        far.write_all(b"bye").await.expect("there is room");
        drop(far);
        link.unsent.push_back(b"nobody takes this".to_vec());
        assert_eq!(poll(&mut link), (b"bye".to_vec(), Poll::Ready(true)));
        assert_eq!(poll(&mut link), (Vec::new(), Poll::Ready(false)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_before_the_close_goes_out_while_the_peer_takes_it() {
        let (near, mut far) = duplex(4);
        let mut first = Link::new(Box::new(near));
        first.unsent.push_back(b"one ".to_vec());
        first.unsent.push_back(b"two ".to_vec());
        assert_eq!(poll(&mut first), (Vec::new(), Poll::Pending), "half of it has gone");
        first.unsent.push_back(b"three".to_vec());
        first.close();
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.expect("it ends");
        assert_eq!(all, b"one two three");

        let (near, mut far) = duplex(4);
        let mut second = Link::new(Box::new(near));
        second.unsent.push_back(b"too much".to_vec());
        second.close();
        tokio::time::sleep(CLOSE_WITHIN * 2).await;
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.expect("it ends, though nobody took it in time");
        assert_eq!(all, b"too ");
    }
}
