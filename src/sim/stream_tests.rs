//! The stream by itself, over a pipe: what it does to bytes, and what it never does.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::sim::clock::SimClock;
use crate::sim::control::Bites;
use crate::sim::tap::Keys;

type Ends = (FaultStream<DuplexStream>, FaultStream<DuplexStream>, Control, Arc<str>);

fn ends(seed: u64) -> Ends {
    let clock = SimClock::default();
    let (control, trace) = (Control::new(clock.clone()), Tracer::new(clock));
    let owner: Arc<str> = "u1/main".into();
    let (a, b) = duplex(4096);
    let side = |owner: &Arc<str>, client| Side {
        owner: owner.clone(),
        link: "phones-1".into(),
        port: 9282,
        client,
        carriage: client,
    };
    let entropy = |name| Entropy::named(seed, name);
    let tap = Some(Tap::new(Keys::default()));
    let client = FaultStream::new(a, side(&owner, true), control.clone(), trace.clone(), entropy("a"), tap);
    let server = FaultStream::new(b, side(&"server".into(), false), control.clone(), trace, entropy("b"), None);
    (client, server, control, owner)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap_or_else(|e| panic!("no runtime: {e}")).block_on(future)
}

/// A PING packet with this id.
fn ping(id: u8) -> Vec<u8> {
    let mut packet = vec![id, 0, 0, 0, 0, 0];
    packet.extend_from_slice(b"PING\0\0\0\0\0\0\0\0");
    packet.extend_from_slice(&[5, 0, 0, 0, 5, 0, 0, 0, 0]);
    packet
}

#[test]
fn all_bytes_arrive_in_order_whatever_is_cut_and_joined() {
    let mut sum = Bites::default();
    for seed in 0..20 {
        let (mut client, mut server, control, _) = ends(seed);
        let sent: Vec<u8> = (0..20_000u32).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect();
        let expected = sent.clone();
        block_on(async move {
            tokio::spawn(async move {
                for piece in sent.chunks(777) {
                    client.write_all(piece).await?;
                    client.flush().await?;
                }
                client.shutdown().await
            });
            let mut got = Vec::new();
            assert!(server.read_to_end(&mut got).await.is_ok_and(|n| n == expected.len()));
            assert!(got == expected, "seed {seed}");
        });
        let bites = control.bites();
        sum.cut_writes += bites.cut_writes;
        sum.cut_reads += bites.cut_reads;
        sum.joined_reads += bites.joined_reads;
        sum.held_reads += bites.held_reads;
        assert!(control.open_lines().is_empty());
    }
    assert!(sum.cut_writes > 20 && sum.cut_reads > 20 && sum.joined_reads > 5 && sum.held_reads > 5, "{sum:?}");
}

#[test]
fn a_lost_heartbeat_is_lost_whole_and_nothing_else_is() {
    let (mut client, mut server, control, owner) = ends(3);
    control.order(&owner, |o| o.heartbeats = 1);
    block_on(async move {
        for id in 1..=3 {
            assert!(client.write_all(&ping(id)).await.is_ok() && client.flush().await.is_ok());
        }
        drop(client);
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        assert_eq!(got, [ping(2), ping(3)].concat());
    });
    assert_eq!(control.bites().heartbeats_lost, 1);
}

#[test]
fn a_reset_ends_both_halves_even_of_a_reader_that_waits() {
    let (client, _server, control, _) = ends(4);
    block_on(async move {
        let (mut read, mut write) = tokio::io::split(client);
        let waiting = tokio::spawn(async move { read.read_u8().await.map_err(|e| e.kind()) });
        tokio::task::yield_now().await;
        control.reset(|owner| owner == "u1/main");
        assert!(waiting.await.is_ok_and(|r| r == Err(io::ErrorKind::ConnectionReset)));
        assert!(write.write_all(&[1]).await.is_err());
        assert_eq!(control.bites().resets, 1);
    });
}

#[test]
fn a_flip_changes_one_bit_and_not_in_the_first_write() {
    let (mut client, mut server, control, owner) = ends(5);
    control.order(&owner, |o| o.flips = 1);
    block_on(async move {
        let zeros = [0; 64];
        for _ in 0..2 {
            assert!(client.write_all(&zeros).await.is_ok() && client.flush().await.is_ok());
        }
        drop(client);
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        assert_eq!(got.iter().map(|b| b.count_ones()).sum::<u32>(), 1);
        assert_eq!(got.len(), 128);
    });
    assert_eq!(control.bites().flips, 1);
}
