//! Every limit of the core, in one place. Units stand at the end of the names.

use core::time::Duration;

/// Bytes of a packet's header.
pub const HEADER_LEN: usize = 22;
/// Bytes of a method field.
pub const METHOD_LEN: usize = 11;
/// Bytes of an empty BSON document.
pub const EMPTY_DOCUMENT_LEN: usize = 5;
/// The AES block, and the length of a session key and of a CFB or CBC IV.
pub const BLOCK_LEN: usize = 16;
/// The nonce of a GCM frame.
pub const NONCE_LEN: usize = 12;
/// The tag of a GCM frame.
pub const TAG_LEN: usize = 16;
/// The most ciphertext in one frame of 2012.
pub const FRAGMENT_CIPHER_MAX: usize = 2048;
/// The most plaintext in one frame of 2012: one byte of padding makes it full.
pub const FRAGMENT_PLAIN_MAX: usize = FRAGMENT_CIPHER_MAX - 1;
/// The most bytes of a message's texts together: text, attachment and supplement (`MSG-LIMIT-1`, ours). Room lists
/// carry the last message of each room, so that it is this number that keeps them under what one body may have.
pub const MESSAGE_LEN_MAX: usize = 64 << 10;
/// The most bytes that a log takes in a reply besides its texts.
pub const LOG_OVERHEAD_MAX: usize = 256;
/// The most bytes of the logs of one page, unless one log alone has more (`MSG-PAGE-1`, ours).
pub const PAGE_LEN_MAX: usize = 4 << 20;
/// The most messages that one GETMSGS may ask for (loco-modern §4.2).
pub const LOGS_ASKED_MAX: usize = 200;
/// The most rooms that one MCHATLOGS may ask for (`MSG-MCHATLOGS-2`, ours).
pub const ROOMS_ASKED_MAX: usize = 1000;
/// The most messages that one REWRITES may hide (`MSG-REWRITES-1`, ours).
pub const LOGS_HIDDEN_MAX: usize = 200;

/// Names that a client keeps of the people in one room.
pub const KEPT_PEOPLE_MAX: usize = 10_000;
/// Bytes of a name or a title that a client keeps.
pub const KEPT_NAME_LEN_MAX: usize = 256;
/// Rooms that a client still knows of after it has left them.
pub const KEPT_ROOMS_LEFT_MAX: usize = 100;

/// Bytes of what a client remembers over a restart.
pub const MEMORY_LEN_MAX: usize = 512 << 20;

/// What one peer may make us hold. Everything beyond is a named error, found before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one body.
    pub body_len_max: usize,
    /// How deep documents and arrays may nest.
    pub bson_depth_max: usize,
    /// How many elements one body may have, over all levels.
    pub bson_elements_max: usize,
    /// The most bytes of one string of a body.
    pub bson_string_len_max: usize,
    /// Unprocessed bytes that one connection may have with us.
    pub pending_bytes_max: usize,
    /// Bytes waiting for a peer that does not read, beyond which it is cut off.
    pub send_queue_bytes_max: usize,
    /// Connections at once.
    pub connections_max: usize,
    /// How long a connection may take to log in, or to make its one request.
    pub login_within: Duration,
    /// Silence after which a logged-in peer is taken for dead.
    pub idle_after: Duration,
    /// How long an upload or download may stand still.
    pub media_idle_after: Duration,
    /// Bytes of a download that wait for the peer; the next are made when it has taken some.
    pub media_queue_bytes_max: usize,
}

impl Limits {
    /// The limits of the reference (requirement `LIMIT-DEFAULTS-1`, ours).
    pub const DEFAULT: Self = Self {
        body_len_max: 16 << 20,
        bson_depth_max: 64,
        bson_elements_max: 1 << 20,
        bson_string_len_max: 16 << 20,
        pending_bytes_max: (16 << 20) + (64 << 10),
        send_queue_bytes_max: 32 << 20,
        connections_max: 20_000,
        login_within: Duration::from_secs(20),
        idle_after: Duration::from_secs(600),
        media_idle_after: Duration::from_secs(60),
        media_queue_bytes_max: 256 << 10,
    };

    /// The most bytes that the length field of a secure frame may announce for these limits.
    #[must_use]
    pub const fn frame_len_max(&self) -> usize {
        self.body_len_max + HEADER_LEN + NONCE_LEN + TAG_LEN + BLOCK_LEN
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const _: () = {
    assert!(MEMORY_LEN_MAX < i32::MAX as usize);
    assert!(FRAGMENT_CIPHER_MAX.is_multiple_of(BLOCK_LEN));
    assert!(Limits::DEFAULT.bson_string_len_max <= Limits::DEFAULT.body_len_max);
    assert!(Limits::DEFAULT.pending_bytes_max > Limits::DEFAULT.frame_len_max());
    assert!(LOGS_ASKED_MAX * (MESSAGE_LEN_MAX + LOG_OVERHEAD_MAX) < Limits::DEFAULT.body_len_max);
    assert!(PAGE_LEN_MAX >= MESSAGE_LEN_MAX + LOG_OVERHEAD_MAX && PAGE_LEN_MAX < Limits::DEFAULT.body_len_max);
    assert!(Limits::DEFAULT.send_queue_bytes_max > Limits::DEFAULT.body_len_max);
    assert!(Limits::DEFAULT.media_queue_bytes_max < Limits::DEFAULT.send_queue_bytes_max);
};
