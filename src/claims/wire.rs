//! What the bytes of a connection cost below TCP, by a stated model: turmoil moves bytes, it has no packets.
//!
//! - A write is cut into segments of at most [`MSS`] bytes, each with [`HEADER`] bytes of IP and TCP.
//! - What comes is acknowledged by what the other end writes within [`ACK_WITHIN`], else by a segment of its own.
//! - A connection begins with three segments without bytes and ends with four.
//!
//! No segment is lost, and the radio's own layers are not counted.

use std::time::Duration;

use super::meter::{Event, What};

/// Bytes of one segment.
pub const MSS: usize = 1460;
/// IPv4 and TCP without options.
pub const HEADER: u64 = 40;
/// How long an acknowledgement waits for something to go with it.
pub const ACK_WITHIN: Duration = Duration::from_millis(40);
/// Segments that open a connection, and those that close it.
const OPENS: u64 = 3;
const CLOSES: u64 = 4;

/// Packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// IP packets, both ways.
    pub packets: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
}

/// What these events of one device cost as IP packets. `away` is how long after a write its answer can come at the
/// earliest: the mean round trip.
#[must_use]
pub fn carried(events: &[Event], away: Duration) -> Carried {
    let mut all = Carried::default();
    let mut add = |packets: u64, payload: usize| {
        all.packets += packets;
        all.bytes += packets * HEADER + payload as u64;
    };
    for (i, e) in events.iter().enumerate() {
        let later = events.get(i + 1..).unwrap_or_default().iter().filter(|l| l.conn == e.conn);
        let rides = |within: Duration, is: fn(&What) -> bool| {
            later.clone().take_while(|l| l.at.since(e.at) <= within).any(|l| is(&l.what))
        };
        match e.what {
            What::Out(n) => {
                add(n.div_ceil(MSS) as u64, n);
                // The other end's answer carries its acknowledgement, if it comes at once.
                if !rides(away * 3 / 2 + ACK_WITHIN, |w| matches!(w, What::In(_))) {
                    add(1, 0);
                }
            }
            What::In(n) => {
                add(n.div_ceil(MSS) as u64, n);
                if !rides(ACK_WITHIN, |w| matches!(w, What::Out(_))) {
                    add(1, 0);
                }
            }
            What::Opened => add(OPENS, 0),
            What::Closed => add(CLOSES, 0),
            What::Dialed => (),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::time::Time;

    fn at(ms: u64, what: What) -> Event {
        Event { at: Time::from_micros(ms * 1000), conn: 0, what }
    }

    #[test]
    fn a_request_and_its_reply_are_three_packets() {
        // The reply acknowledges the request; nothing goes with the acknowledgement of the reply.
        let events = [at(0, What::Out(100)), at(300, What::In(50))];
        assert_eq!(carried(&events, Duration::from_millis(300)), Carried { packets: 3, bytes: 150 + 3 * 40 });
    }

    #[test]
    fn a_push_that_nobody_answers_is_two_packets() {
        let events = [at(0, What::In(50)), at(100, What::Out(10))];
        let too_late = carried(&events[..1], Duration::from_millis(300));
        assert_eq!(too_late, Carried { packets: 2, bytes: 50 + 80 });
        let soon = [at(0, What::In(50)), at(30, What::Out(10)), at(330, What::In(5))];
        assert_eq!(carried(&soon, Duration::from_millis(300)).packets, 4, "in, out, in and one acknowledgement");
    }

    #[test]
    fn a_long_write_is_cut_and_a_connection_is_seven_packets() {
        let events = [at(0, What::Dialed), at(300, What::Opened), at(300, What::Out(1461)), at(700, What::Closed)];
        assert_eq!(carried(&events, Duration::from_millis(300)), Carried { packets: 10, bytes: 1461 + 400 });
    }
}
