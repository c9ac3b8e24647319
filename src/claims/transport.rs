//! What is compared: LOCO in each era, and the ways in which everybody else chats.

use std::time::Duration;

use crate::proto::secure::Era;

/// How HTTP uses its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// HTTP/1.1, one connection for one request after the other.
    KeepAlive,
    /// HTTP/1.1, one connection for each request.
    EachNew,
    /// HTTP/2, one connection for all requests at once.
    H2,
}

/// Which TLS is below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tls {
    /// TLS 1.3; a later connection resumes the session of the one before.
    V13,
    /// TLS 1.2 with a full handshake each time: as many round trips as TLS 1.0 had in 2011.
    V12,
}

/// How two devices talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// LOCO: a connection that stays, both sides speak at once.
    Loco(Era),
    /// WebSocket with JSON: the same idea on the web's tools.
    WebSocket,
    /// HTTP/1.1 where the server holds a question until there is news.
    LongPoll,
    /// HTTP where the device asks now and then.
    Poll(Way, Tls),
}

impl Transport {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 10] = [
        Self::Loco(Era::E2012),
        Self::Loco(Era::E2019),
        Self::Loco(Era::E2023),
        Self::Loco(Era::E2025),
        Self::WebSocket,
        Self::LongPoll,
        Self::Poll(Way::H2, Tls::V13),
        Self::Poll(Way::KeepAlive, Tls::V13),
        Self::Poll(Way::EachNew, Tls::V13),
        Self::Poll(Way::EachNew, Tls::V12),
    ];

    /// Its name in tables, JSON and arguments.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Loco(Era::E2012) => "loco-2012",
            Self::Loco(Era::E2019) => "loco-2019",
            Self::Loco(Era::E2023) => "loco-2023",
            Self::Loco(Era::E2025) => "loco-2025",
            Self::WebSocket => "websocket",
            Self::LongPoll => "long-poll",
            Self::Poll(Way::H2, _) => "http2-poll",
            Self::Poll(Way::KeepAlive, _) => "http1-poll",
            Self::Poll(Way::EachNew, Tls::V13) => "http1-new",
            Self::Poll(Way::EachNew, Tls::V12) => "http1-new-tls12",
        }
    }

    /// What it is, for a legend.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Loco(Era::E2012) => "LOCO 2012: RSA-1024, AES-CBC",
            Self::Loco(Era::E2019) => "LOCO 2019: RSA-2048, AES-CFB, type 12",
            Self::Loco(Era::E2023) => "LOCO 2023: RSA-2048, AES-CFB, type 15",
            Self::Loco(Era::E2025) => "LOCO 2025: RSA-2048, AES-GCM",
            Self::WebSocket => "WebSocket, JSON, TLS 1.3",
            Self::LongPoll => "HTTP/1.1 long polling, JSON, TLS 1.3",
            Self::Poll(Way::H2, _) => "HTTP/2 polling, JSON, TLS 1.3",
            Self::Poll(Way::KeepAlive, _) => "HTTP/1.1 keep-alive polling, JSON, TLS 1.3",
            Self::Poll(Way::EachNew, Tls::V13) => "HTTP/1.1 polling, one connection a request, TLS 1.3 resumed",
            Self::Poll(Way::EachNew, Tls::V12) => "HTTP/1.1 polling, one connection a request, TLS 1.2 in full",
        }
    }

    /// The transport of this name.
    ///
    /// # Errors
    /// There is none; the names that there are.
    pub fn parse(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|t| t.id() == name).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|t| t.id()).collect();
            format!("no such transport; there are {}", all.join(", "))
        })
    }

    /// Whether news come when the device asks, and not by themselves.
    #[must_use]
    pub const fn polls(self) -> bool {
        matches!(self, Self::Poll(..))
    }

    /// Whether a beat of its own keeps the connection alive.
    #[must_use]
    pub const fn beats(self) -> bool {
        matches!(self, Self::Loco(_) | Self::WebSocket)
    }
}

/// How often things happen by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Between two heartbeats of LOCO and WebSocket.
    pub heartbeat: Duration,
    /// Between two questions of a device that polls.
    pub poll: Duration,
    /// How long a server holds a long poll that has nothing to say.
    pub held: Duration,
    /// A request without a reply for so long means that its connection is dead: the same for all.
    pub patience: Duration,
}

impl Habits {
    /// Those of the tables: the heartbeat of modern LOCO, a poll each five seconds.
    pub const USUAL: Self = Self {
        heartbeat: Duration::from_secs(60),
        poll: Duration::from_secs(5),
        held: Duration::from_secs(50),
        patience: Duration::from_secs(15),
    };

    /// Nothing happens by itself: only what is measured does.
    pub const QUIET: Self = Self {
        heartbeat: Duration::from_secs(80_000),
        poll: Duration::from_secs(80_000),
        held: Duration::from_secs(80_000),
        patience: Duration::from_secs(90_000),
    };
}
