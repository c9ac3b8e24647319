//! The client to program against: ask and await. A [`Handle`] is cheap to clone, and many calls may be under way at
//! once; each finds its own reply by its ticket. What nobody asked for comes as [`Events`].
//!
//! ```no_run
//! use locospec::net::handle::start;
//! use locospec::net::{Tcp, connect::Setup};
//! use locospec::proto::client::{Client, Event};
//! use locospec::proto::command::{chatonroom, deletemsg, syncdlmsg};
//!
//! # async fn example(client: Client, setup: Setup) -> Result<(), Box<dyn std::error::Error>> {
//! let (handle, mut events) = start(Tcp, client, setup, None);
//! handle.login().await?;
//! let log_id = handle.send(7000, "hello").await?; // goes out once, whatever the network does
//! let room = handle.call(&chatonroom::Request { chat_id: 7000, ..Default::default() }).await?;
//! println!("{} has {} members", room.body()?.kind, room.body()?.watermark_ids.len());
//! let deleted = handle.call(&deletemsg::Request { chat_id: 7000, log_id }).await?;
//! assert_eq!(deleted.status(), 0);
//! while let Some(event) = events.recv().await {
//!     match (&event, event.pushed::<syncdlmsg::Push<'_>>()) {
//!         (Event::Message(m), _) => println!("{}: {}", m.author_id, m.text),
//!         (_, Some(push)) => println!("deleted: {:?}", push?.chat_log.message),
//!         _ => (),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod desk;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use tokio::sync::{mpsc, oneshot};

use super::Network;
use super::connect::{Setup, drive};
use crate::proto::client::{Action, Client, Event, Failure};
use crate::proto::command::field::encode;
use crate::proto::command::{Call, status};
use crate::proto::error::{ApiMisuse, Malformed};
use crate::proto::wire::Method;
use desk::Desk;

/// Orders that may wait for the machine; whoever gives more waits.
const ORDERS_MAX: usize = 256;
/// Events that may wait for their reader. A client whose reader takes none for so long is ended, as the server ends a
/// peer that does not read.
pub const EVENTS_MAX: usize = 65_536;

/// Keeps what the machine remembers, before anybody learns of it; `false` ends the client.
pub type Keep = Box<dyn FnMut(&Client) -> bool + Send>;

/// Why a call has no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The machine says why.
    Ended(Failure),
    /// The login is refused for good, with this status.
    LoginRefused(i32),
    /// The configuration cannot work.
    GaveUp(ApiMisuse),
    /// The server refused it, with this status.
    Refused(i32),
    /// The reply cannot be read.
    BadReply(Malformed),
    /// The client has ended.
    Stopped,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(why) => write!(f, "{why}"),
            Self::LoginRefused(status) => write!(f, "the login was refused with status {status}"),
            Self::GaveUp(why) => write!(f, "the configuration cannot work: {why}"),
            Self::Refused(status) => write!(f, "refused with status {status}"),
            Self::BadReply(why) => write!(f, "the reply cannot be read: {why}"),
            Self::Stopped => f.write_str("the client has ended"),
        }
    }
}

impl std::error::Error for CallError {}

impl From<Malformed> for CallError {
    fn from(e: Malformed) -> Self {
        Self::BadReply(e)
    }
}

/// The reply to a call, with its bytes: typed by the call that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<C> {
    status: i32,
    body: Vec<u8>,
    of: PhantomData<fn() -> C>,
}

impl<C> Reply<C> {
    /// The body's status, or the header's where the body has none; 0 when all is well.
    #[must_use]
    pub const fn status(&self) -> i32 {
        self.status
    }

    /// The body as it came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }
}

impl<'a, C: Call<'a>> Reply<C> {
    /// The body. A refusal mostly has nothing but its status, and no such body.
    ///
    /// # Errors
    /// What is wrong with it, and at which byte.
    pub fn body(&self) -> Result<C::Reply<'_>, Malformed> {
        crate::proto::client::read_body(&self.body)
    }

    /// The body of a reply that is no refusal.
    ///
    /// # Errors
    /// [`CallError::Refused`], or [`CallError::BadReply`].
    pub fn accepted(&self) -> Result<C::Reply<'_>, CallError> {
        if self.status == status::OK { Ok(self.body()?) } else { Err(CallError::Refused(self.status)) }
    }
}

/// The reply to a call of any command: status and body.
pub type Answer = (i32, Vec<u8>);

/// A call that is sent when it is first awaited. It holds nothing of its request, whose bytes are made by then.
pub type Calling<C> = Pin<Box<dyn Future<Output = Result<Reply<C>, CallError>> + Send>>;

type Waiter<T> = oneshot::Sender<Result<T, CallError>>;

/// Looks at the machine and at how many calls and messages are open.
type Look = Box<dyn FnOnce(&Client, usize) + Send>;

enum Order {
    Login(Waiter<i64>),
    Call { method: Method, body: Vec<u8>, waiter: Waiter<Answer> },
    Send { room: i64, text: String, waiter: Waiter<i64> },
    Act(Action),
    Look(Look),
}

/// Asks a client that runs elsewhere. The client ends when its last handle is dropped.
#[derive(Clone)]
pub struct Handle {
    orders: mpsc::Sender<Order>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

/// What happens unasked, in order.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

impl Events {
    /// The next event; `None` when the client has ended. No event is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Event> {
        self.0.recv().await
    }

    /// The next event, if there is one already.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// Runs `client` in a task of its own. It waits to be told to log in.
///
/// Replies and [`Event::Sent`] go to whoever asked, all other events to [`Events`]: take them, or drop it. `keep` is
/// called after each change, before its outcome is sent or told.
pub fn start<N: Network>(net: N, client: Client, setup: Setup, keep: Option<Keep>) -> (Handle, Events) {
    let (orders, todo) = mpsc::channel(ORDERS_MAX);
    let (tell, events) = mpsc::channel(EVENTS_MAX);
    let desk = Desk::new(todo, tell, keep);
    tokio::spawn(drive(net, client, setup, desk));
    (Handle { orders }, Events(events))
}

impl Handle {
    async fn order<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, CallError> {
        let (waiter, answer) = oneshot::channel();
        self.orders.send(make(waiter)).await.map_err(|_| CallError::Stopped)?;
        answer.await.map_err(|_| CallError::Stopped)
    }

    /// Logs in and says who we are; at once, when we are logged in. Until it has worked the client tries again, and it
    /// comes back by itself when the connection breaks later.
    ///
    /// # Errors
    /// A login that is refused for good, or a configuration that cannot work.
    pub async fn login(&self) -> Result<i64, CallError> {
        self.order(Order::Login).await?
    }

    /// Asks `body` and gives the reply, whatever its status. It is asked once: when the connection ends before the
    /// reply comes, nobody knows whether the server has acted on it. Whoever no longer waits drops the future.
    ///
    /// # Errors
    /// There is no reply, and why.
    pub fn call<'b, C: Call<'b>>(&self, body: &C) -> Calling<C::Static> {
        let mut bytes = Vec::with_capacity(128);
        encode(body, &mut bytes);
        let handle = self.clone();
        Box::pin(async move {
            let (status, body) = handle.ask(C::Static::ID.method(), bytes).await?;
            Ok(Reply { status, body, of: PhantomData })
        })
    }

    /// The same for any method and any body: a BSON document, or nothing.
    ///
    /// # Errors
    /// As [`Handle::call`].
    pub async fn ask(&self, method: Method, body: Vec<u8>) -> Result<Answer, CallError> {
        self.order(|waiter| Order::Call { method, body, waiter }).await?
    }

    /// Sends a text and gives the id of its log. It is in the room once, also when the connection breaks meanwhile; it
    /// waits for the next login when there is none. It goes out even when the future is dropped.
    ///
    /// # Errors
    /// The server refused it, or too many are waiting.
    pub async fn send(&self, room: i64, text: impl Into<String>) -> Result<i64, CallError> {
        let text = text.into();
        self.order(|waiter| Order::Send { room, text, waiter }).await?
    }

    /// Has the machine do anything; what comes of it is told as events. Tickets must be below 2^63.
    ///
    /// # Errors
    /// The client has ended.
    pub async fn act(&self, action: Action) -> Result<(), CallError> {
        self.orders.send(Order::Act(action)).await.map_err(|_| CallError::Stopped)
    }

    /// Looks at the machine: its view of rooms, its state, what it remembers.
    ///
    /// # Errors
    /// The client has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Result<T, CallError> {
        self.order(|answer| {
            Order::Look(Box::new(move |client, _| {
                let _ = answer.send(look(client));
            }))
        })
        .await
    }

    /// How many calls and messages have no answer yet, those included that nobody waits for any more.
    ///
    /// # Errors
    /// The client has ended.
    pub async fn open(&self) -> Result<usize, CallError> {
        self.order(|answer| {
            Order::Look(Box::new(move |_, open| {
                let _ = answer.send(open);
            }))
        })
        .await
    }
}
