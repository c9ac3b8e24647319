//! The stream by itself, over a pipe: what it does to bytes, and what it never does.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, KeyRing, Opener, PublicRing, Sealer, SessionKey, wrap};
use crate::sim::clock::SimClock;
use crate::sim::control::{Bites, Narrow};
use crate::sim::tap::Keys;

type Ends = (FaultStream<DuplexStream>, FaultStream<DuplexStream>, Control, Arc<str>);

fn ends(seed: u64) -> Ends {
    ends_on(seed, &SimClock::default(), Keys::default())
}

/// The clock of the harness goes with that of the runtime.
async fn go(clock: SimClock) {
    loop {
        tokio::time::sleep(Duration::from_millis(10)).await;
        clock.set(clock.elapsed() + Duration::from_millis(10));
    }
}

fn ends_on(seed: u64, clock: &SimClock, keys: Keys) -> Ends {
    let (control, trace) = (Control::new(clock.clone()), Tracer::new(clock.clone()));
    let owner: Arc<str> = "u1/main".into();
    let (a, b) = duplex(4096);
    let side = |owner: &Arc<str>, client| Side {
        owner: owner.clone(),
        link: "phones-1".into(),
        server: "server".into(),
        port: 9282,
        client,
        carriage: client,
        peer: None,
    };
    let entropy = |name| Entropy::named(seed, name);
    let tap = Some(Tap::new(keys));
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

/// A client's side that has sent its handshake and can seal, with what the server needs to read it.
struct Sealed {
    client: FaultStream<DuplexStream>,
    server: FaultStream<DuplexStream>,
    control: Control,
    owner: Arc<str>,
    sealer: Sealer,
    key: SessionKey,
}

fn sealed(era: Era, seed: u64, handshake: &mut Vec<u8>) -> Sealed {
    let keys = Keys::default();
    let mut entropy = Entropy::named(seed, "key");
    let key = SessionKey::generate(&mut entropy);
    let ring = PublicRing { witness: Some(keys.witness()), ..KeyRing::test().public_ring() };
    match wrap(era, &key, &ring, &mut entropy) {
        Ok(wrapped) => wrapped.encode(handshake),
        Err(e) => panic!("no handshake: {e}"),
    }
    let (client, server, control, owner) = ends_on(seed, &SimClock::default(), keys);
    Sealed { client, server, control, owner, sealer: Sealer::new(era, &key, entropy), key }
}

/// A packet that carries a user's words.
fn write_packet(id: u8) -> Vec<u8> {
    let mut packet = ping(id);
    packet.splice(6..11, *b"WRITE");
    packet
}

/// Writes PING, WRITE and PING under a cipher with flips ordered: which of the three frames arrive changed.
fn flipped_frames(era: Era, seed: u64, orders: impl FnOnce(&mut Orders)) -> (Vec<usize>, Bites) {
    let mut handshake = Vec::new();
    let Sealed { mut client, mut server, control, owner, mut sealer, .. } = sealed(era, seed, &mut handshake);
    let frames: Vec<Vec<u8>> = [write_packet(1), ping(2), write_packet(3)]
        .iter()
        .map(|packet| {
            let mut frame = Vec::new();
            sealer.seal(packet, &mut frame);
            frame
        })
        .collect();
    control.order(&owner, orders);
    let got = block_on(async {
        for bytes in std::iter::once(&handshake).chain(&frames) {
            assert!(client.write_all(bytes).await.is_ok() && client.flush().await.is_ok());
        }
        drop(client);
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        got
    });
    assert_eq!(got.get(..handshake.len()), Some(&*handshake), "not in the handshake");
    let (mut at, mut changed) = (handshake.len(), Vec::new());
    for (i, frame) in frames.iter().enumerate() {
        let here = got.get(at..at + frame.len()).unwrap_or_default();
        let bits: u32 = here.iter().zip(frame).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert!(bits <= 1 && here.len() == frame.len());
        changed.extend((bits > 0).then_some(i));
        at += frame.len();
    }
    (changed, control.bites())
}

#[test]
fn a_flip_strikes_any_frame_of_gcm_and_only_heartbeats_elsewhere() {
    for seed in 0..8 {
        let (changed, bites) = flipped_frames(Era::E2025, seed, |o| o.flips = 1);
        assert_eq!((changed, bites.flips, bites.flips_unnoticed), (vec![0], 1, 0));
        for era in [Era::E2012, Era::E2019] {
            let (changed, bites) = flipped_frames(era, seed, |o| o.flips = 1);
            assert_eq!((changed, bites.flips, bites.flips_unnoticed), (vec![1], 1, 1), "{era}");
        }
    }
}

#[test]
fn a_flip_on_the_way_back_spares_what_a_user_said() {
    for (era, first) in [(Era::E2025, 0), (Era::E2012, 1), (Era::E2023, 1)] {
        let mut handshake = Vec::new();
        let Sealed { mut client, mut server, control, owner, mut sealer, key } = sealed(era, 3, &mut handshake);
        control.order(&owner, |o| o.flips_down = 1);
        block_on(async {
            assert!(client.write_all(&handshake).await.is_ok() && client.flush().await.is_ok());
            for (i, packet) in [write_packet(1), ping(2), write_packet(3)].iter().enumerate() {
                let (mut frame, mut plain) = (Vec::new(), Vec::new());
                sealer.seal(packet, &mut frame);
                assert!(server.write_all(&frame).await.is_ok() && server.flush().await.is_ok());
                let mut got = vec![0; frame.len()];
                assert!(client.read_exact(&mut got).await.is_ok());
                assert_eq!(got != frame, i == first, "{era}: frame {i}");
                let _ = Opener::new(era, &key, Limits::DEFAULT).push(&got, &mut plain);
            }
        });
        assert_eq!(control.bites().flips_down, 1);
    }
}

#[test]
fn a_flip_in_a_plain_packet_needs_a_door() {
    let (mut client, mut server, control, owner) = ends(5);
    control.order(&owner, |o| o.flips_plain = 1);
    client.side.carriage = false;
    block_on(async {
        for id in 1..=2 {
            assert!(client.write_all(&write_packet(id)).await.is_ok() && client.flush().await.is_ok());
        }
        drop(client);
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        let sent = [write_packet(1), write_packet(2)].concat();
        assert_eq!(got.iter().zip(&sent).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>(), 1);
    });
    assert_eq!(control.bites().flips_plain, 1);
}

#[test]
fn a_late_heartbeat_holds_what_is_behind_it() {
    let clock = SimClock::default();
    let (mut client, mut server, control, owner) = ends_on(6, &clock, Keys::default());
    control.order(&owner, |o| (o.late_heartbeats, o.late_by) = (1, Duration::from_secs(3)));
    block_on(async move {
        tokio::spawn(go(clock.clone()));
        tokio::spawn(async move {
            for packet in [ping(1), write_packet(2)] {
                assert!(client.write_all(&packet).await.is_ok() && client.flush().await.is_ok());
            }
        });
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        assert_eq!(got, [ping(1), write_packet(2)].concat());
        let took = clock.elapsed();
        assert!((Duration::from_secs(3)..Duration::from_millis(3300)).contains(&took), "{took:?}");
    });
    assert_eq!(control.bites().heartbeats_late, 1);
}

#[test]
fn a_doubled_heartbeat_is_the_same_bytes_twice_before_anything_else() {
    let (mut client, mut server, control, owner) = ends(7);
    control.order(&owner, |o| o.double_heartbeats = 1);
    block_on(async move {
        for packet in [write_packet(1), ping(2), write_packet(3), ping(4)] {
            assert!(client.write_all(&packet).await.is_ok() && client.flush().await.is_ok());
        }
        drop(client);
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        assert_eq!(got, [write_packet(1), ping(2), ping(2), write_packet(3), ping(4)].concat());
    });
    assert_eq!(control.bites().heartbeats_doubled, 1);
}

/// How long 4,000 bytes take from the client to the server and back to the client.
fn there_and_back(narrow: &[(Narrow, u64)]) -> (Duration, Duration, Bites) {
    let clock = SimClock::default();
    let (client, server, control, owner) = ends_on(8, &clock, Keys::default());
    for (way, rate) in narrow {
        control.narrow(&owner, *way, *rate, control.now() + Duration::from_secs(600));
    }
    let took = block_on(async move {
        tokio::spawn(go(clock.clone()));
        let (mut from_client, mut to_server) = tokio::io::split(client);
        let (mut from_server, mut to_client) = tokio::io::split(server);
        tokio::spawn(async move {
            let _ = to_server.write_all(&[7; 4000]).await;
            // The stream lives as long as both of its halves.
            std::future::pending::<()>().await;
        });
        let mut got = [0; 4000];
        assert!(from_server.read_exact(&mut got).await.is_ok() && got == [7; 4000]);
        let up = clock.elapsed();
        tokio::spawn(async move {
            let _ = to_client.write_all(&[8; 4000]).await;
            std::future::pending::<()>().await;
        });
        assert!(from_client.read_exact(&mut got).await.is_ok() && got == [8; 4000]);
        (up, clock.elapsed() - up)
    });
    (took.0, took.1, control.bites())
}

#[test]
fn a_narrow_way_takes_its_time_in_its_direction_only() {
    let about = |took: Duration, s: u64| (Duration::from_secs(s)..Duration::from_secs(s + 1)).contains(&took);
    let (up, down, bites) = there_and_back(&[(Narrow::Up, 400)]);
    assert!(about(up, 9) || about(up, 10), "{up:?}");
    assert!(about(down, 0) && bites.throttled > 50 && bites.slow_reads == 0, "{down:?}, {bites:?}");
    let (up, down, bites) = there_and_back(&[(Narrow::Down, 1000), (Narrow::Reader, 800)]);
    assert!(about(up, 0) && (about(down, 4) || about(down, 5)), "{up:?}, {down:?}");
    assert!(bites.slow_reads > 50, "{bites:?}");
}

#[test]
fn byte_by_byte_is_one_byte_a_read_and_all_of_them_come() {
    let (mut client, mut server, control, owner) = ends(9);
    control.order(&owner, |o| o.cut_until = Some(control.now() + Duration::from_secs(9)));
    block_on(async move {
        tokio::spawn(async move {
            assert!(client.write_all(&write_packet(1)).await.is_ok() && client.flush().await.is_ok());
        });
        let mut got = Vec::new();
        assert!(server.read_to_end(&mut got).await.is_ok());
        assert_eq!(got, write_packet(1));
    });
    assert_eq!(control.bites().single_bytes, write_packet(1).len() as u64 - 1);
}

#[test]
fn what_comes_within_a_moment_is_one_read_at_both_ends() {
    let (mut client, mut server, control, owner) = ends(10);
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    control.has_address(client.line(), address);
    server.side.peer = Some(address);
    control.order(&owner, |o| o.join_until = Some(control.now() + Duration::from_secs(9)));
    let pause = || tokio::time::sleep(Duration::from_millis(20));
    block_on(async move {
        let all = [write_packet(1), ping(2), write_packet(3)];
        let mut before = 0;
        for up in [true, false] {
            let (from, to) = if up { (&mut client, &mut server) } else { (&mut server, &mut client) };
            let write = async {
                for packet in &all {
                    assert!(from.write_all(packet).await.is_ok() && from.flush().await.is_ok());
                    pause().await;
                }
            };
            let read = async {
                let mut got = vec![0; all.concat().len()];
                assert!(to.read_exact(&mut got).await.is_ok() && got == all.concat());
            };
            tokio::join!(write, read);
            let joined = control.bites().joined_by_order;
            assert!(joined >= before + 2, "{up}: {joined}");
            before = joined;
        }
    });
}

#[test]
fn a_reset_counts_the_bytes_of_its_own_way() {
    for (way, writes_break) in [(ResetWay::Up, true), (ResetWay::Both, true), (ResetWay::Down, false)] {
        let (mut client, mut server, control, owner) = ends(11);
        control.order(&owner, |o| (o.reset_after, o.reset_way) = (Some(100), way));
        block_on(async {
            let wrote = async {
                client.write_all(&[1; 200]).await?;
                client.flush().await
            };
            assert_eq!(wrote.await.is_err(), writes_break, "{way:?}");
            if !writes_break {
                assert!(server.write_all(&[2; 200]).await.is_ok());
                assert!(client.read_exact(&mut [0; 200]).await.is_err());
            }
        });
        assert_eq!(control.bites().resets, 1);
    }
}
