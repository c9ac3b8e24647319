//! Errors that name the guilty.
//!
//! [`Malformed`]: the peer's bytes. [`PeerMisbehaved`]: the peer's timing or order. [`ApiMisuse`]: our own caller.
//! A bug of ours is an assert. "Need more bytes" is no error at all: it is `Ok(None)` where it can happen.
//! [`Malformed::verdict`] and [`PeerMisbehaved::verdict`] turn each into a reply or a close, and nothing else does.

use core::fmt;

/// What is done about a fault of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Answer this request with this body status and go on.
    Reply(i32),
    /// Close the connection: the stream can no longer be trusted.
    Close,
}

/// The peer's bytes are wrong. `at` is the byte offset in the unit that the message names (frame, packet or body).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong.
    pub kind: MalformedKind,
    /// Where, counted from the first byte of the frame, packet or body.
    pub at: usize,
    /// The field of the body, or empty.
    pub field: &'static str,
}

macro_rules! kinds {
    ($(#[$m:meta])* $name:ident { $($(#[$vm:meta])* $v:ident => $text:literal, $verdict:expr;)* }) => {
        $(#[$m])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vm])* $v,)* }

        impl $name {
            /// Every kind there is, for tables and tests.
            pub const ALL: &[Self] = &[$(Self::$v,)*];

            /// The sentence that a person reads.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$v => $text,)* }
            }

            /// What is done about it.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$v => $verdict,)* }
            }
        }
    };
}

kinds! {
    /// The ways in which bytes can be wrong.
    MalformedKind {
        /// The method has a byte that is not printable ASCII.
        MethodNotAscii => "method: not printable ASCII", Verdict::Close;
        /// The method is empty.
        MethodEmpty => "method: empty", Verdict::Close;
        /// The method has more after its first NUL.
        MethodAfterNul => "method: bytes after its first NUL", Verdict::Close;
        /// The body type is neither 0 nor 8.
        BodyType => "header: unknown body type", Verdict::Close;
        /// The announced body is longer than the limit.
        BodyTooLong => "header: body length is over the limit", Verdict::Close;
        /// More unprocessed bytes than one connection may have.
        PendingTooLong => "connection: more pending bytes than the limit", Verdict::Close;
        /// A frame's length field is below what its cipher needs.
        FrameTooShort => "frame: length is below the least of its cipher", Verdict::Close;
        /// A frame's length field is over the limit.
        FrameTooLong => "frame: length is over the limit", Verdict::Close;
        /// A CBC frame's length is no multiple of the block.
        FrameNotBlocks => "frame: length is no multiple of 16", Verdict::Close;
        /// A CBC frame's padding is wrong.
        FramePadding => "frame: wrong padding", Verdict::Close;
        /// A GCM frame's tag does not fit.
        FrameTag => "frame: authentication failed", Verdict::Close;
        /// The handshake's length field is that of no era.
        HandshakeLength => "handshake: key length is that of no era", Verdict::Close;
        /// The handshake's key type does not belong with its length.
        HandshakeKeyType => "handshake: unknown key encryption type", Verdict::Close;
        /// The handshake's cipher does not belong with its key type.
        HandshakeCipher => "handshake: unknown cipher type", Verdict::Close;
        /// A document's length is below 5 or past the end.
        BsonLength => "bson: a length runs past its end", Verdict::Reply(-203);
        /// The document does not fill the body.
        BsonTrailing => "bson: bytes after the document", Verdict::Reply(-203);
        /// A document or string without its closing NUL.
        BsonUnterminated => "bson: no closing NUL", Verdict::Reply(-203);
        /// A string or name that is not UTF-8.
        BsonUtf8 => "bson: not UTF-8", Verdict::Reply(-203);
        /// An element type that BSON does not have.
        BsonType => "bson: unknown element type", Verdict::Reply(-203);
        /// A boolean that is neither 0 nor 1.
        BsonBool => "bson: boolean is neither 0 nor 1", Verdict::Reply(-203);
        /// Nested deeper than the limit.
        BsonDepth => "bson: nested deeper than the limit", Verdict::Reply(-203);
        /// More elements than the limit.
        BsonElements => "bson: more elements than the limit", Verdict::Reply(-203);
        /// A string longer than the limit.
        BsonString => "bson: string longer than the limit", Verdict::Reply(-203);
        /// A required field is absent.
        FieldMissing => "body: a required field is missing", Verdict::Reply(-203);
        /// A field has a type that is not accepted for it.
        FieldType => "body: a field has the wrong type", Verdict::Reply(-203);
    }
}

impl MalformedKind {
    /// This, at byte `at`.
    #[must_use]
    pub const fn at(self, at: usize) -> Malformed {
        Malformed { kind: self, at, field: "" }
    }
}

impl Malformed {
    /// The same, of the field called `field`.
    #[must_use]
    pub const fn of(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// What is done about it.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        self.kind.verdict()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.kind.text(), self.at)?;
        if self.field.is_empty() { Ok(()) } else { write!(f, " (field {})", self.field) }
    }
}

impl core::error::Error for Malformed {}

kinds! {
    /// The peer's timing or order is wrong.
    PeerMisbehaved {
        /// No login, or no request, within its time.
        LoginTimeout => "no login within its time", Verdict::Close;
        /// Silent for longer than a heartbeat allows.
        Idle => "silent for longer than a heartbeat allows", Verdict::Close;
        /// Does not read what it is sent.
        SlowReader => "does not read what it is sent", Verdict::Close;
        /// A request before login.
        NotLoggedOn => "a request before login", Verdict::Reply(-201);
        /// A method that nobody knows, or that does not belong on this connection.
        UnknownMethod => "an unknown method", Verdict::Reply(-202);
        /// More bytes of a file than it announced, or any while it downloads.
        SurplusBytes => "more bytes of a file than it announced", Verdict::Close;
        /// A second login on one connection.
        LoggedOnAlready => "a second login on one connection", Verdict::Reply(-203);
    }
}

impl fmt::Display for PeerMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for PeerMisbehaved {}

/// Our own caller asked for what cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiMisuse {
    /// A method name that does not fit the wire.
    Method(String),
    /// A key that no era can use, and why.
    Key(String),
    /// Something asked of a client that is not logged on.
    NotLoggedOn,
    /// More than the limit allows, and which limit.
    OverLimit(&'static str),
}

impl fmt::Display for ApiMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(m) => write!(f, "{m:?} is no method: it needs 1 to 11 printable ASCII characters"),
            Self::Key(why) => write!(f, "key: {why}"),
            Self::NotLoggedOn => f.write_str("not logged on"),
            Self::OverLimit(which) => write!(f, "over the limit: {which}"),
        }
    }
}

impl core::error::Error for ApiMisuse {}
