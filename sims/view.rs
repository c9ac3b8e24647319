//! A run that is looked at: the same run, with its bytes.

use locospec::sim::generate::generate;
use locospec::sim::run::{run, run_recorded};
use locospec::sim::trace::Kind;

/// A run that is looked at is the same run, and everything in it has its bytes.
#[test]
fn keeping_the_bytes_changes_nothing() {
    let scenario = generate(2);
    let (plain, kept) = (run(&scenario), run_recorded(&scenario));
    assert_eq!((plain.trace_hash, plain.trace.recording), (kept.trace_hash, None));
    let recording = kept.trace.recording.expect("it was asked for");
    let (mut packets, mut joined) = (0, 0);
    for event in &kept.trace.events {
        match &event.kind {
            Kind::Packet { body_len, .. } => {
                packets += 1;
                assert_eq!(recording.plain.get(&event.seq).map(Vec::len), Some(22 + body_len), "{event}");
                let by_conn = &*event.host == "server";
                joined += usize::from(recording.end_at(&event.host, event.conn, event.seq, by_conn).is_some());
            }
            Kind::Bytes { len, .. } => {
                assert_eq!(recording.sealed.get(&event.seq).map(Vec::len), Some(*len), "{event}");
            }
            _ => {}
        }
    }
    assert!(packets > 100 && joined == packets, "{joined} of {packets} packets have their connection");
    let both = recording.pairs().into_iter().filter(|(c, s)| c.is_some() && s.is_some()).count();
    assert!(
        both * 10 > recording.pairs().len() * 9,
        "{both} of {} connections have both ends",
        recording.pairs().len()
    );
    let numbered = recording.ends.values().filter(|e| !e.client && e.conn.is_some()).count();
    assert!(numbered >= both, "{numbered} of {both} connections have the server's number");
}
