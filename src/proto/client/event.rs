//! What goes into a client and what comes out of it: inputs, actions, outputs, events. Plain values, no behaviour.

use super::config::Endpoint;
use crate::proto::command::{CommandId, Door};
use crate::proto::error::{ApiMisuse, Malformed};
use crate::proto::wire::Method;

/// Names one connection of one client. The client chooses it and never uses it twice.
pub type ConnId = u64;

/// What happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The connection that was asked for stands, TLS included.
    Connected {
        /// Which.
        conn: ConnId,
    },
    /// The connection that was asked for cannot be had.
    ConnectFailed {
        /// Which.
        conn: ConnId,
    },
    /// The server sent bytes.
    Bytes {
        /// On which connection.
        conn: ConnId,
        /// At any cut and any join.
        bytes: &'a [u8],
    },
    /// The server closed the connection, or it broke.
    Closed {
        /// Which.
        conn: ConnId,
    },
    /// The deadline has come. Harmless at any other time.
    Tick,
    /// Somebody wants something.
    Do(Action),
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Log in and stay logged in.
    Login,
    /// Send a text. Ends in exactly one [`Event::Sent`] or [`Event::SendFailed`] with this ticket.
    Send {
        /// The caller's own name for it.
        ticket: u64,
        /// The room.
        room: i64,
        /// The text.
        text: String,
    },
    /// Read up to here: [`Event::ReadMark`].
    MarkRead {
        /// The room.
        room: i64,
        /// The last log that was read.
        log_id: i64,
    },
    /// Say which rooms are known: [`Event::Rooms`].
    Rooms,
    /// Open a room: [`Event::RoomOpened`].
    Open {
        /// The room.
        room: i64,
    },
    /// Report the room's messages after this log, also those that were reported before.
    Sync {
        /// The room.
        room: i64,
        /// 0 for all of them.
        after: i64,
    },
    /// Leave a room for good: [`Event::Left`].
    Leave {
        /// The room.
        room: i64,
    },
    /// SETST: 1 unlocked and active, 2 locked.
    SetStatus(i32),
    /// Close and stay away. What waits to be sent goes on waiting.
    Logout,
    /// Any command, for tools and tests: ends in exactly one [`Event::Reply`] or [`Event::RequestEnded`].
    Request {
        /// The caller's own name for it.
        ticket: u64,
        /// The method.
        method: Method,
        /// A BSON document, or nothing.
        body: Vec<u8>,
    },
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a connection; answer with `Connected` or `ConnectFailed`.
    Connect {
        /// Its name from now on.
        conn: ConnId,
        /// Which door it goes to.
        door: Door,
        /// Where that is.
        endpoint: Endpoint,
        /// With TLS around it.
        tls: bool,
    },
    /// Send these bytes, all of them, in one write.
    Transmit {
        /// On which connection.
        conn: ConnId,
        /// Sealed already, where the door is a secure one.
        bytes: Vec<u8>,
    },
    /// Close the connection, or give up opening it. Whatever it still says is ignored.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// Tell whoever uses the client.
    Event(Event),
}

/// What the user of a client learns.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Logged in, all rooms listed.
    LoggedIn {
        /// Who we are.
        user_id: i64,
        /// All rooms that are known, by rising id.
        rooms: Vec<RoomSummary>,
    },
    /// The login is refused for good: no retry until the next [`Action::Login`].
    LoginRefused {
        /// −950, −997 or −999.
        status: i32,
    },
    /// All rooms that are known, by rising id.
    Rooms(Vec<RoomSummary>),
    /// A message: each once, in the order of its room, without a gap.
    Message(Message),
    /// The server has the message.
    Sent {
        /// That of the action.
        ticket: u64,
        /// The room.
        room: i64,
        /// The message.
        log_id: i64,
    },
    /// The message is not sent and will not be.
    SendFailed {
        /// That of the action.
        ticket: u64,
        /// Why not.
        why: Failure,
    },
    /// Somebody has read up to here, as the server says.
    ReadMark {
        /// The room.
        room: i64,
        /// Who.
        user_id: i64,
        /// The last log that was read.
        watermark: i64,
    },
    /// A room is open.
    RoomOpened {
        /// The room.
        room: i64,
        /// `DirectChat`, `MultiChat` ….
        kind: String,
        /// User ids and names; the name is empty in a large room.
        members: Vec<(i64, String)>,
        /// User ids and the last log that each has read.
        watermarks: Vec<(i64, i64)>,
        /// The last log.
        last_log_id: i64,
    },
    /// We are out of the room.
    Left {
        /// The room.
        room: i64,
    },
    /// SETST is done.
    StatusSet,
    /// The reply to [`Action::Request`].
    Reply {
        /// That of the action.
        ticket: u64,
        /// The body's status, or the header's where the body has none.
        status: i32,
        /// The body as it came.
        body: Vec<u8>,
    },
    /// There will be no reply to [`Action::Request`].
    RequestEnded {
        /// That of the action.
        ticket: u64,
        /// Why not.
        how: Failure,
    },
    /// Any other action did not work.
    ActionFailed {
        /// The command that it needed.
        method: Method,
        /// The room, 0 where there is none.
        room: i64,
        /// Why not.
        why: Failure,
    },
    /// KICKOUT: the session is over, and we stay away.
    Kicked {
        /// 0 logged in elsewhere, 1 account deleted ….
        reason: i32,
    },
    /// The server asks us to come back through the first door.
    ServerMoves,
    /// A connection, or the try to get one, came to its end; not told of a booking, ticket or entry connection that has
    /// done its part. A retry follows, unless [`Why::Logout`] or an event just before says that we stay away.
    Disconnected {
        /// Which door it was at.
        door: Door,
        /// Why.
        why: Why,
    },
    /// A push that changes nothing in the client's own view, or changes it as the events beside this one say:
    /// [`Event::pushed`] reads it.
    Pushed {
        /// Which.
        command: CommandId,
        /// The body as it came; it has been found to be readable.
        body: Vec<u8>,
    },
    /// A push that nobody knows. It is ignored.
    UnknownPush {
        /// Its method.
        method: Method,
    },
    /// A body that cannot be read. It has not been acted on; if it was a reply, another event says what becomes of it.
    BadBody {
        /// Its method.
        method: Method,
        /// What is wrong.
        error: Malformed,
    },
    /// The configuration cannot work: no retry until the next [`Action::Login`].
    GaveUp {
        /// What is wrong with it.
        why: ApiMisuse,
    },
}

/// A room in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSummary {
    /// The room.
    pub room: i64,
    /// `DirectChat`, `MultiChat` …; empty when nobody has said.
    pub kind: String,
    /// The last log that is known.
    pub last_log_id: i64,
    /// Unread messages, as the server last said.
    pub unread: i32,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The room.
    pub room: i64,
    /// Rises strictly in a room.
    pub log_id: i64,
    /// The log before it; 0 for the first, and where the server does not say (2012).
    pub prev_id: i64,
    /// Who wrote it.
    pub author_id: i64,
    /// 1 text ….
    pub kind: i32,
    /// The text.
    pub text: String,
    /// Unix seconds.
    pub send_at: i32,
    /// The author's own number, 0 in 2012.
    pub msg_id: i64,
    /// Written by this user, on this device or another.
    pub own: bool,
    /// How we know of it.
    pub source: Source,
}

/// How we know of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// MSG.
    Push,
    /// SYNCMSG or READ.
    Sync,
    /// The reply to our WRITE.
    Reply,
}

/// Why something did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server refused it.
    Status(i32),
    /// It was written, no answer came, and the room can no longer be looked into: what the server said to that, or 0
    /// where it shows only what came after we were let in again.
    InDoubt(i32),
    /// A reply came and cannot be read.
    BadReply,
    /// No reply within its time.
    TimedOut,
    /// The connection ended first.
    Disconnected,
    /// It was not sent: not logged on.
    NotLoggedOn,
    /// It was not sent: too large, or too many are waiting already.
    OverLimit,
    /// It was not sent: this era does not have the command.
    NotInEra,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It could not be had.
    ConnectFailed,
    /// It did not come within its time.
    ConnectTimeout,
    /// The server closed it.
    Closed,
    /// A request was not answered within its time.
    TimedOut(Method),
    /// A request that everything depends on was refused.
    Refused(Method, i32),
    /// The server's bytes make no sense.
    Malformed(Malformed),
    /// The server named an endpoint that cannot be.
    BadRoute,
    /// The server made us hold too much, and what.
    OverLimit(&'static str),
    /// The server asked us to move, kicked us out, or refused the login for good; or the configuration cannot work.
    Dismissed,
    /// We were asked to log out.
    Logout,
}
