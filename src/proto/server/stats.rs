//! What a server counts.

/// Counters, for tests and for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets that came.
    pub packets_in: u64,
    /// Packets that went, replies and pushes.
    pub packets_out: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// Sessions that a newer login ended.
    pub fenced: u64,
    /// Connections closed for silence.
    pub idle_closed: u64,
    /// Connections closed because the peer did not read.
    pub slow_closed: u64,
    /// Connections closed for bytes that cannot be.
    pub malformed_closed: u64,
    /// Receipts of pushes.
    pub receipts: u64,
    /// Fields that nobody knows.
    pub unknown_fields: u64,
}
