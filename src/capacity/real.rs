//! A real run: so many of our clients on real sockets that log in at a server in another process and keep their
//! connections, and what that process uses meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::counted::{Counted, Counts};
use super::fleet::identity;
use super::process::{cpu, kernel_tables, resident};
use crate::net::Clock;
use crate::net::connect::{Setup, connect};
use crate::proto::client::{Action, Client, ClientConfig, Endpoint, Event};
use crate::proto::entropy::Entropy;
use crate::proto::secure::{Era, PublicRing};

/// Clients that log in at the same time.
const AT_ONCE: usize = 32;
/// How long a login may take.
const LOGIN_WITHIN: Duration = Duration::from_secs(60);
/// How long what the logins have left takes to settle.
const SETTLES: Duration = Duration::from_secs(3);

/// The server that is looked at, and how one comes in.
pub struct Served {
    /// Its process.
    pub pid: u32,
    /// Its booking door, or its entry for 2012.
    pub first: Endpoint,
    /// TLS for booking.
    pub tls: TlsConnector,
    /// Its keys.
    pub keys: Arc<PublicRing>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Served({})", self.pid)
    }
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many clients there are, at each look; rising.
    pub clients: Vec<usize>,
    /// How all of them talk.
    pub era: Era,
    /// Between two heartbeats, as the server tells its clients.
    pub heartbeat: Duration,
    /// How long each look lasts.
    pub look: Duration,
}

/// What one look has seen of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    /// Clients that were logged on.
    pub clients: usize,
    /// Memory of the process, bytes.
    pub resident: u64,
    /// What the kernel keeps in its tables, bytes; both ends of every connection are on this machine.
    pub kernel: u64,
    /// Logins since the look before, and the CPU that the process took meanwhile: for them, and for the heartbeats of those
    /// who were there.
    pub logins: (usize, Duration),
    /// How long that was.
    pub came_for: Duration,
    /// How long the look lasted.
    pub lasted: Duration,
    /// CPU of the process meanwhile.
    pub cpu: Duration,
    /// Packets of the clients meanwhile, one to a write: heartbeats.
    pub heartbeats: u64,
    /// Bytes that they have sent meanwhile, sealed, without TCP.
    pub bytes_in: u64,
    /// Bytes that they got.
    pub bytes_out: u64,
}

/// Whoever holds this holds a connection.
struct Held {
    actions: mpsc::Sender<Action>,
    events: mpsc::UnboundedReceiver<Event>,
}

/// Runs. `tell` hears what is going on, in words.
///
/// # Errors
/// A client cannot come in, one falls out again, or the system does not say what a process uses.
pub fn run(served: &Served, plan: &Plan, tell: &dyn Fn(String)) -> Result<Vec<Look>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(looks(served, plan, tell))
}

async fn looks(served: &Served, plan: &Plan, tell: &dyn Fn(String)) -> Result<Vec<Look>, String> {
    let (counts, clock, keys) = (Counts::default(), Clock::system(), served.keys.clone());
    let (mut held, mut seen, mut entropy) = (Vec::new(), Vec::new(), Entropy::named(1, "capacity/real"));
    for wanted in std::iter::once(0).chain(plan.clients.iter().copied()) {
        let (before, began) = (cpu(served.pid)?, clock.now());
        let came = wanted - held.len().min(wanted);
        while held.len() < wanted {
            let more = (wanted - held.len()).min(AT_ONCE);
            let mut coming: Vec<Held> = (held.len()..held.len() + more)
                .map(|n| start(served, plan, n, keys.clone(), &clock, &counts, entropy.fork()))
                .collect();
            for (n, h) in coming.iter_mut().enumerate() {
                come_in(h).await.map_err(|e| format!("client {} of {wanted}: {e}", held.len() + n + 1))?;
            }
            held.append(&mut coming);
        }
        if came > 0 {
            tell(format!("{wanted} clients are logged on"));
        }
        sleep(SETTLES).await;
        let (logins, came_for) = ((came, cpu(served.pid)?.saturating_sub(before)), clock.now() - began);
        let seen_now = look(served, plan, &counts, &clock, wanted).await?;
        seen.push(Look { logins, came_for, ..seen_now });
        if let Some(event) = held.iter_mut().find_map(fallen) {
            return Err(format!("a client has lost its connection: {event:?}"));
        }
    }
    Ok(seen)
}

async fn look(served: &Served, plan: &Plan, counts: &Counts, clock: &Clock, clients: usize) -> Result<Look, String> {
    let (from, before, at) = (counts.now(), cpu(served.pid)?, clock.now());
    sleep(plan.look).await;
    let (to, after) = (counts.now(), cpu(served.pid)?);
    Ok(Look {
        clients,
        resident: resident(served.pid)?,
        kernel: kernel_tables()?,
        lasted: clock.now() - at,
        cpu: after.saturating_sub(before),
        heartbeats: to.writes - from.writes,
        bytes_in: to.written - from.written,
        bytes_out: to.read - from.read,
        ..Look::default()
    })
}

fn start(
    served: &Served,
    plan: &Plan,
    n: usize,
    keys: Arc<PublicRing>,
    clock: &Clock,
    counts: &Counts,
    entropy: Entropy,
) -> Held {
    let (user_id, token) = identity(n);
    let config = ClientConfig::new(plan.era, user_id, token, served.first.clone(), keys);
    let client = Client::new(ClientConfig { heartbeat: plan.heartbeat, ..config }, entropy);
    let setup = Setup { clock: clock.clone(), tls: Some(served.tls.clone()) };
    let (actions, todo) = mpsc::channel(1);
    let (tell, events) = mpsc::unbounded_channel();
    tokio::spawn(connect(Counted(counts.clone()), client, setup, todo, tell));
    Held { actions, events }
}

async fn come_in(held: &mut Held) -> Result<(), String> {
    let _ = held.actions.send(Action::Login).await;
    let done = timeout(LOGIN_WITHIN, async {
        loop {
            match held.events.recv().await {
                Some(Event::LoggedIn { .. }) => return Ok(()),
                Some(e @ (Event::LoginRefused { .. } | Event::GaveUp { .. })) => return Err(format!("{e:?}")),
                Some(_) => {}
                None => return Err("it ended".to_owned()),
            }
        }
    });
    done.await.unwrap_or_else(|_| Err(format!("no login within {LOGIN_WITHIN:?}")))
}

/// Why a client is no longer where it was, if it is not.
fn fallen(held: &mut Held) -> Option<Event> {
    std::iter::from_fn(|| held.events.try_recv().ok()).find(|e| matches!(e, Event::Disconnected { .. }))
}
