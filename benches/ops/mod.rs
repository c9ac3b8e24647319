//! The operations that are measured, ours and the peer's, on the same bytes.
//!
//! An [`Op`] holds its state, so that calling it again costs what the operation costs on a live connection: buffers
//! are warm and key schedules made. Each call checks what it has read, so an operation cannot be fast by failing.
//! `codec.rs` measures their time, `count.rs` their instructions. The bodies are in [`bodies`].

pub mod bodies;
mod ours;
mod peer;

/// One operation.
pub struct Op {
    /// How it is named in both reports.
    pub name: &'static str,
    /// What the goal of its instruction count is, if it has one.
    #[allow(dead_code, reason = "read by one of the two reports")]
    pub goal: Option<u64>,
    /// Calls that one measure takes: more for short operations.
    #[allow(dead_code, reason = "read by one of the two reports")]
    pub rounds: u64,
    make: fn() -> Box<dyn FnMut()>,
}

impl Op {
    /// The operation with fresh state; calling it does it once.
    pub fn start(&self) -> Box<dyn FnMut()> {
        (self.make)()
    }
}

const fn op(name: &'static str, goal: Option<u64>, rounds: u64, make: fn() -> Box<dyn FnMut()>) -> Op {
    Op { name, goal, rounds, make }
}

/// All of them. `roundtrip` is encode + seal + open + decode.
pub const OPS: &[Op] = &[
    op("write/roundtrip/2019-cfb", Some(2_500), 2_000, || ours::roundtrip(ours::Era::E2019, bodies::ASCII)),
    op("write/roundtrip/peer-6.5.0", None, 2_000, || peer::roundtrip(bodies::ASCII)),
    op("write/roundtrip/2012-cbc", None, 2_000, || ours::roundtrip(ours::Era::E2012, bodies::ASCII)),
    op("write/roundtrip/2023-cfb", None, 2_000, || ours::roundtrip(ours::Era::E2023, bodies::ASCII)),
    op("write/roundtrip/2025-gcm", None, 2_000, || ours::roundtrip(ours::Era::E2025, bodies::ASCII)),
    op("write/roundtrip/hangul/2019-cfb", None, 2_000, || ours::roundtrip(ours::Era::E2019, bodies::HANGUL)),
    op("write/roundtrip/hangul/peer-6.5.0", None, 2_000, || peer::roundtrip(bodies::HANGUL)),
    op("write/encode", None, 2_000, ours::encode),
    op("write/decode", None, 2_000, ours::decode),
    op("write/seal-open", None, 2_000, ours::seal_open),
    op("loginlist-200/decode", Some(1_300_000), 20, ours::loginlist_decode),
    op("loginlist-200/decode/peer-bson2", None, 20, peer::loginlist_decode),
    op("loginlist-200/decode/bson3-borrowed", None, 20, peer::loginlist_decode_borrowed),
    op("loginlist-200/scan", None, 20, ours::loginlist_scan),
    op("loginlist-200/encode", None, 20, ours::loginlist_encode),
    op("loginlist-200/roundtrip/2019-cfb", None, 20, || ours::loginlist_roundtrip(ours::Era::E2019)),
    op("loginlist-200/roundtrip/2025-gcm", None, 20, || ours::loginlist_roundtrip(ours::Era::E2025)),
];
