//! The stranger lives among our clients: holds, a partition, a power cut in a commit with a standby that takes over, a
//! rolling restart. It comes back by a loop of its own, and in the end it has been told of every message of its room.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use locospec::net::Network;
use locospec::proto::command::Door;
use locospec::sim::director::Director;
use locospec::sim::net::port;
use locospec::sim::scenario::Scenario;
use locospec::sim::server::FRONT;
use locospec::sim::workload::Workload;
use locospec::sim::world::{ROOM_BASE, World};
use talk_loco_client::talk::session::TalkSession;
use talk_loco_client::talk::stream::StreamCommand;
use tokio::time::{sleep, timeout};

use super::{Diary, Failed, GUEST, Stranger, U3, log_in, secs};

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often it pings.
const PING_EVERY: Duration = Duration::from_secs(4);
/// What it says, at most.
const SAYS_MAX: i64 = 60;

/// The log ids of the room that it has been told of, in all its lives.
type Told = Arc<Mutex<BTreeSet<i64>>>;

fn scenario() -> Result<Scenario, Failed> {
    let text = r#"
format: locospec-scenario/1
title: a stranger among ours
seed: 78
era: "2025"
world: {carriages: 2, eras: ["2025", "2012", "2023"], client_hosts: 2, users: 4, devices_per_user: 1, rooms: 3, tick: 10ms, latency: [2ms, 40ms], commit: [0ms, 60ms], heartbeat: 5s}
workload: {actions: 120, mix: {write: 6, read: 1, open: 1, relogin: 1}, text_max: 300}
faults:
  - {kind: power_cut, at: 10s, after_disk_ops: 3, down_for: 4s}
  - {kind: partition, at: 26s, for: 2s, host: phones-1}
  - {kind: drain, at: 32s, down_for: 2s}
  - {kind: drain, at: 44s, down_for: 2s}
  - {kind: crash, at: 52s, host: front, down_for: 2s}
heal_at: 60s
"#;
    Ok(Scenario::parse("among.yaml", text)?)
}

/// What has been said in the room before, page by page.
async fn catch_up(me: &Stranger, told: &Told) -> Result<(), Failed> {
    // Others write meanwhile: what comes after this is pushed.
    let room = TalkSession(&me.session).channel(ROOM_BASE);
    let last = timeout(PATIENCE, room.chat_on(None)).await??.last_log_id;
    let pages = TalkSession(&me.session).channel(ROOM_BASE).sync_chat_stream(0, last, 300);
    let mut pages = std::pin::pin!(pages);
    while let Some(page) = timeout(PATIENCE, pages.next()).await? {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(page?.iter().map(|log| log.log_id));
    }
    Ok(())
}

/// One session: it catches up, listens, says something now and then, and pings. It ends when something is wrong.
async fn live(mut me: Stranger, said: &mut i64, told: &Told) -> Result<(), Failed> {
    catch_up(&me, told).await?;
    loop {
        match timeout(PING_EVERY, me.pushes.recv()).await {
            Ok(Some(StreamCommand::Chat(msg))) if msg.chat_id == ROOM_BASE => {
                told.lock().unwrap_or_else(PoisonError::into_inner).insert(msg.chatlog.log_id);
            }
            Ok(Some(StreamCommand::SwitchServer | StreamCommand::Kickout(_))) => return Err("sent away".into()),
            Ok(None) => return Err("the connection is over".into()),
            Ok(Some(_)) => {}
            Err(_) => {
                timeout(PATIENCE, TalkSession(&me.session).ping()).await??;
                if *said < SAYS_MAX {
                    *said += 1;
                    // It does not say it again when the answer is lost: it may have been heard.
                    let log = timeout(PATIENCE, me.say(ROOM_BASE, *said, &says(*said))).await??;
                    told.lock().unwrap_or_else(PoisonError::into_inner).insert(log);
                }
            }
        }
    }
}

fn says(n: i64) -> String {
    format!("a stranger says {n}")
}

/// The stranger with its loop.
fn move_in(world: &mut World, diary: &Diary, told: &Told) {
    for n in 1..=SAYS_MAX {
        world.model.expect(ROOM_BASE, U3, &says(n));
    }
    let (owner, diary, told, clock): (Arc<str>, _, _, _) =
        (GUEST.into(), diary.clone(), told.clone(), world.clock.clone());
    let net = world.network(&owner, Some(&owner));
    world.guest(GUEST, async move {
        let mut said = 0;
        loop {
            let dial = |door: Door, host: String, port: u16| {
                let net = net.clone();
                async move {
                    let booking = door == Door::Booking;
                    let (host, port) = if booking { (FRONT.to_owned(), port::BOOKING) } else { (host, port) };
                    net.connect(&host, port).await
                }
            };
            let why = match timeout(PATIENCE, log_in(dial, U3, "u3-token")).await {
                Ok(Ok(me)) => {
                    diary.write(clock.elapsed(), format!("in as {}", me.user_id));
                    live(me, &mut said, &told).await.err().map_or_else(String::new, |e| e.to_string())
                }
                Ok(Err(e)) => e.to_string(),
                Err(_) => "nobody answers".to_owned(),
            };
            diary.write(clock.elapsed(), format!("out: {why}"));
            sleep(secs(1)).await;
        }
    });
}

/// Every log of the room that one of our devices has been told of.
fn all_of(world: &World, device: usize) -> BTreeSet<i64> {
    let mut all = BTreeSet::new();
    while let Some(id) = world.model.seen(device, ROOM_BASE, all.len())
        && all.insert(id)
    {}
    all
}

#[test]
fn a_stranger_among_ours_is_told_of_everything_through_fail_overs() -> Result<(), Failed> {
    let (mut world, diary, told) = (World::new(&scenario()?)?, Diary::default(), Told::default());
    move_in(&mut world, &diary, &told);
    let (mut director, mut workload) = (Director::new(&world), Workload::new(&world));
    let by = secs(60) + world.timing.converge_bound();
    while world.elapsed() < by {
        director.direct(&mut world);
        workload.act(&mut world);
        world.step();
        // The stranger itself is cut off once: a hold, and then a partition.
        match world.elapsed().as_millis() {
            18_000 => world.links.change(&world.sim, GUEST, |l| l.held += 1),
            20_000 => world.links.change(&world.sim, GUEST, |l| l.held -= 1),
            38_000 => world.links.change(&world.sim, GUEST, |l| l.dark += 1),
            41_000 => world.links.change(&world.sim, GUEST, |l| l.dark -= 1),
            _ => {}
        }
    }
    let (all, falls) = (diary.all(), director.falls());
    assert!(falls.takeovers >= 3 && falls.power_cuts_in_operation == 1 && falls.drains == 2, "{falls:?}");
    let logins = all.iter().filter(|(_, what)| what.starts_with("in as 1003")).count();
    assert!(logins >= 4, "{all:?}");
    assert_eq!(world.model.unsettled(), None);
    assert_eq!(world.watch().sessions().get(GUEST), Some(&1), "{all:?}");
    let (told, ours) = (told.lock().unwrap_or_else(PoisonError::into_inner).clone(), all_of(&world, 0));
    assert!(ours.len() > 20, "{} messages", ours.len());
    assert_eq!(ours.difference(&told).collect::<Vec<_>>(), Vec::<&i64>::new(), "{all:?}");
    assert!(world.court.is_clean(), "{:?}\n{all:?}", world.court.found());
    Ok(())
}
