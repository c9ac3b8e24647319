//! The driver of `proto::client`: connects where the machine says, moves bytes, hands events on.

mod link;

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

use self::link::Link;
use super::alarm::Alarm;
use super::{BoxStream, Clock, Network, tls};
use crate::proto::client::{Action, Client, ConnId, Event, Input, Output};

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
    use std::future::pending;
    use std::net::SocketAddr;
    use std::sync::Arc;

    use super::*;
    use crate::proto::client::{ClientConfig, Endpoint};
    use crate::proto::entropy::Entropy;
    use crate::proto::secure::{Era, KeyRing};
    use crate::proto::time::Time;

    /// Wants so many things, each as soon as it can.
    struct Eager(u32);

    impl Seat for Eager {
        type Order = Action;

        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Action>> {
            let left = self.0.checked_sub(1);
            self.0 = left.unwrap_or_default();
            Poll::Ready(left.map(|_| Action::Login))
        }

        fn turn(&mut self, order: Action, _: &Client) -> Option<Action> {
            Some(order)
        }

        fn tell(&mut self, _: Event) -> bool {
            true
        }
    }

    /// Nobody is ever reached; says that somebody was called.
    #[derive(Clone)]
    struct Void(mpsc::UnboundedSender<u16>);

    impl Network for Void {
        type Listener = ();

        async fn bind(&self, _: SocketAddr) -> io::Result<()> {
            Ok(())
        }

        fn local_addr(&self, (): &()) -> io::Result<SocketAddr> {
            Err(io::ErrorKind::Unsupported.into())
        }

        async fn accept(&self, (): &mut ()) -> io::Result<BoxStream> {
            pending().await
        }

        async fn connect(&self, _: &str, port: u16) -> io::Result<BoxStream> {
            let _ = self.0.send(port);
            pending().await
        }
    }

    #[tokio::test]
    async fn who_wants_much_does_not_keep_the_network_from_its_turn() {
        let (called, mut calls) = mpsc::unbounded_channel();
        let ring = Arc::new(KeyRing::test().public_ring());
        let config = ClientConfig::new(Era::E2019, 1, "token", Endpoint::new("nowhere", 7), ring);
        let client = Client::new(config, Entropy::named(1, "eager"));
        let setup = Setup { clock: Clock::of_runtime(Time::default()), tls: None };
        drive(Void(called), client, setup, Eager(10)).await;
        assert_eq!(calls.recv().await, Some(7), "it was called while more was wanted");
    }
}
