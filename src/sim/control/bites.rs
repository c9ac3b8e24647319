//! How often each fault of a stream or a link bit.

/// How often each fault of a stream or link bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bites {
    /// Writes that went out in several pieces.
    pub cut_writes: u64,
    /// Reads that gave less than had come.
    pub cut_reads: u64,
    /// Reads that joined what had come in several pieces.
    pub joined_reads: u64,
    /// Bytes that came and were held back for a while.
    pub held_reads: u64,
    /// Writes and reads of one byte that were ordered.
    pub single_bytes: u64,
    /// Pieces that were joined to what had come before them by order.
    pub joined_by_order: u64,
    /// Heartbeats that were swallowed.
    pub heartbeats_lost: u64,
    /// Heartbeats that were written later.
    pub heartbeats_late: u64,
    /// Heartbeats that were written twice.
    pub heartbeats_doubled: u64,
    /// Heartbeats by a clock that ran too fast or too slow.
    pub heartbeats_off: u64,
    /// Reads that a stalled reader did not do.
    pub stalled_reads: u64,
    /// Reads that a slow reader put off.
    pub slow_reads: u64,
    /// Writes and reads that a narrow way put off.
    pub throttled: u64,
    /// Streams that were reset under their owner.
    pub resets: u64,
    /// Bits that were flipped in what a client wrote.
    pub flips: u64,
    /// Bits that were flipped in what a client read.
    pub flips_down: u64,
    /// Bits that were flipped in plain packets of a door, either way.
    pub flips_plain: u64,
    /// Bits that were flipped where nothing authenticates.
    pub flips_unnoticed: u64,
    /// Messages of the network in flight that a partition deleted.
    pub partition_in_flight: u64,
    /// Writes into a partition.
    pub partition_writes: u64,
    /// Writes that a hold delayed.
    pub held_writes: u64,
    /// Writes on a link whose latency is drawn from a band.
    pub jittery_writes: u64,
    /// Connects that failed.
    pub failed_connects: u64,
}
