//! What a server is told about itself.

use core::time::Duration;

use crate::proto::limits::Limits;
use crate::proto::quirk::Quirks;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The host that clients are sent to.
    pub host: String,
    /// The host of the carriage server, where that is another: [`super::Input::Carriage`] changes it.
    pub carriage_host: Option<String>,
    /// The port of the ticket server.
    pub ticket_port: u16,
    /// The port of the carriage server.
    pub carriage_port: u16,
    /// How often a modern client is told to ping.
    pub heartbeat: Duration,
    /// How often a client of 2012 is told to ping (loco-2012 §9: 1200 s).
    pub heartbeat_2012: Duration,
    /// How long a carriage address may be used again without asking.
    pub cache_expire: Duration,
    /// Rooms in one page of LOGINLIST and LCHATLIST.
    pub rooms_per_page: usize,
    /// Logs in one page of SYNCMSG (loco-modern §4.2: 300).
    pub logs_per_page: usize,
    /// Members above which CHATONROOM lists ids only (loco-modern §4.3: 100).
    pub members_listed_max: usize,
    /// The most bytes of a picture (loco-modern §4.5: 20 MiB).
    pub photo_size_max: i64,
    /// The most bytes of a video or any other file (loco-modern §4.5: 300 MiB).
    pub file_size_max: i64,
    /// How long after it was sent a message can be deleted (loco-modern §4.2: 1440 minutes; an older note has 5).
    pub delete_window: Duration,
    /// How long after it was sent a message can be edited (loco-modern §4.2: 24 hours).
    pub edit_window: Duration,
    /// The oldest version of an app that may come in, as numbers with dots between them; none takes every one.
    pub min_version: Option<String>,
    /// What one peer may make us hold.
    pub limits: Limits,
    /// Ways to be wrong.
    pub quirks: Quirks,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            carriage_host: None,
            ticket_port: 0,
            carriage_port: 0,
            heartbeat: Duration::from_secs(60),
            heartbeat_2012: Duration::from_secs(1200),
            cache_expire: Duration::from_secs(1800),
            rooms_per_page: 100,
            logs_per_page: 300,
            members_listed_max: 100,
            photo_size_max: 20 << 20,
            file_size_max: 300 << 20,
            delete_window: Duration::from_secs(1440 * 60),
            edit_window: Duration::from_secs(24 * 60 * 60),
            min_version: None,
            limits: Limits::DEFAULT,
            quirks: Quirks::NONE,
        }
    }
}

impl Config {
    /// The host of the carriage server.
    #[must_use]
    pub fn carriage(&self) -> &str {
        self.carriage_host.as_deref().unwrap_or(&self.host)
    }

    /// Silence after which a logged-in peer of this generation is taken for dead (`PROMISE-ALIVE-1`, ours): the limit,
    /// and never less than two heartbeats and the time for an answer.
    #[must_use]
    pub fn idle_after(&self, old: bool) -> Duration {
        let heartbeat = if old { self.heartbeat_2012 } else { self.heartbeat };
        self.limits.idle_after.max(heartbeat * 2 + self.limits.login_within)
    }
}
