//! What a client is told before it starts: who it is, where it knocks, how patient it is. All times are durations.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::proto::limits::Limits;
use crate::proto::quirk::Quirks;
use crate::proto::secure::{Era, PublicRing};

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// A name or an address; the driver resolves it.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Endpoint {
    /// The endpoint `host:port`.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How long to wait before the next try (`CLIENT-BACKOFF-1`, ours; the figures are those of loco-modern §3.5: OK, HJ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait before the first retry. It doubles with each further one.
    pub base: Duration,
    /// It never grows past this.
    pub max: Duration,
}

/// What a client is told before it starts.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The generation of the protocol that it speaks.
    pub era: Era,
    /// The user, as BUY and CHECKIN name it. The login's reply says who it really is.
    pub user_id: i64,
    /// `oauthToken`, or `sKey` in 2012.
    pub token: String,
    /// `duuid`.
    pub device_id: String,
    /// 1 main device, 2 second device.
    pub device_type: i32,
    /// `os`.
    pub os: String,
    /// `appVer`.
    pub app_version: String,
    /// The first door: booking, or the entry of 2012.
    pub first: Endpoint,
    /// Whether booking is TLS. The real one is; a test may do without.
    pub booking_tls: bool,
    /// The servers' public keys.
    pub keys: Arc<PublicRing>,
    /// Between two PINGs, unless the server names another interval.
    pub heartbeat: Duration,
    /// The interval above holds whatever the server names.
    pub heartbeat_forced: bool,
    /// A reply may take this long; then the connection is taken for dead.
    pub request_timeout: Duration,
    /// A connect may take this long.
    pub connect_timeout: Duration,
    /// Waiting between two tries.
    pub backoff: Backoff,
    /// What a server may make us hold.
    pub limits: Limits,
    /// Ways to be wrong on purpose.
    pub quirks: Quirks,
    /// Messages that may wait to be sent, over all rooms.
    pub outbox_max: usize,
    /// Fetch the whole past of a room that is seen for the first time; else begin at its last message.
    pub history: bool,
    /// Recent logs that are kept of each room, to be looked at.
    pub keep_logs: usize,
    /// The most bytes of all the logs that are kept.
    pub keep_bytes: usize,
}

impl ClientConfig {
    /// A client of `user_id` with everything else as the reference has it.
    #[must_use]
    pub fn new(era: Era, user_id: i64, token: impl Into<String>, first: Endpoint, keys: Arc<PublicRing>) -> Self {
        Self {
            era,
            user_id,
            token: token.into(),
            device_id: format!("locospec-{user_id}"),
            device_type: 1,
            os: if era.is_modern() { "android" } else { "wp" }.to_owned(),
            app_version: if era.is_modern() { "3.5.0" } else { "1.5.0" }.to_owned(),
            first,
            booking_tls: era.is_modern(),
            keys,
            heartbeat: Duration::from_secs(if era.is_modern() { 60 } else { 1200 }),
            heartbeat_forced: false,
            request_timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(15),
            backoff: Backoff { base: Duration::from_millis(500), max: Duration::from_secs(30) },
            limits: Limits::DEFAULT,
            quirks: Quirks::NONE,
            outbox_max: 1000,
            history: true,
            keep_logs: 0,
            keep_bytes: 64 << 20,
        }
    }

    /// The same user on a PC beside the phone: a second device, with a session of its own. In 2012 the operating system
    /// alone tells the devices apart.
    #[must_use]
    pub fn second_device(mut self) -> Self {
        self.device_type = 2;
        self.os = "win32".to_owned();
        self.device_id.push_str("-2");
        self
    }
}
