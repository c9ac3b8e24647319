//! The disk by itself, and the store on it under cuts of power.

use super::*;
use crate::proto::server::store::{Effect, Log, Store, StoreError};
use crate::proto::time::Time;
use crate::store::{Database, World};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A disk of 8 sectors, durably full of ones.
fn ones() -> io::Result<SimDisk> {
    let disk = SimDisk::new();
    disk.set_len(4096)?;
    disk.write(0, &[1; 4096])?;
    disk.sync_data()?;
    Ok(disk)
}

fn image(disk: &SimDisk) -> Vec<u8> {
    disk.state().view.clone()
}

#[test]
fn what_was_synced_survives_every_cut() -> Outcome {
    for seed in 0..200 {
        let disk = ones()?;
        disk.write(512, &[2; 1024])?;
        disk.power_cut(&mut Entropy::named(seed, "disk"));
        assert!(disk.write(0, &[3]).is_err() && disk.len().is_err(), "dead");
        let after = image(&disk.revive());
        assert!(after[..512].iter().chain(&after[1536..]).all(|&b| b == 1), "seed {seed}");
        for sector in after.chunks(SECTOR_LEN) {
            assert!(sector.iter().all(|&b| b == sector[0]), "seed {seed}: a sector is whole or not there");
        }
    }
    Ok(())
}

#[test]
fn every_fate_comes_and_is_counted() -> Outcome {
    let (mut bites, mut images) = (Bites::default(), std::collections::BTreeSet::new());
    for seed in 0..200 {
        let disk = ones()?;
        disk.write(0, &[2; 1024])?;
        disk.write(0, &[3; 1024])?;
        disk.set_len(8192)?;
        disk.write(4096, &[4; 4096])?;
        disk.power_cut(&mut Entropy::named(seed, "disk"));
        disk.power_cut(&mut Entropy::named(seed, "a second cut does nothing"));
        let b = disk.bites();
        assert_eq!((b.cuts, b.kept + b.torn + b.dropped), (1, 4), "seed {seed}: each operation has one fate");
        bites.torn += b.torn;
        bites.dropped += b.dropped;
        bites.kept += b.kept;
        bites.reordered += b.reordered;
        images.insert(image(&disk.revive()));
    }
    assert!(bites.torn > 20 && bites.dropped > 100 && bites.kept > 100 && bites.reordered > 50, "{bites:?}");
    assert!(images.len() > 40, "{} different images", images.len());
    Ok(())
}

#[test]
fn a_cut_repeats_from_its_seed() -> Outcome {
    let run = |seed| -> io::Result<(Vec<u8>, Bites)> {
        let disk = ones()?;
        for i in 0..8 {
            disk.write(i * 512, &[9; 1500])?;
        }
        disk.power_cut(&mut Entropy::named(seed, "disk"));
        Ok((image(&disk.revive()), disk.bites()))
    };
    for seed in 0..20 {
        assert_eq!(run(seed)?, run(seed)?);
    }
    assert_ne!(run(1)?, run(2)?);
    Ok(())
}

#[test]
fn a_killed_process_leaves_what_it_wrote() -> Outcome {
    let disk = ones()?;
    disk.write(0, &[7; 100])?;
    disk.kill();
    assert!(disk.sync_data().is_err() && disk.is_dead());
    let next = disk.revive();
    assert!(!next.is_dead());
    assert_eq!(image(&next)[..101], [[7; 100].as_slice(), &[1]].concat());
    assert_eq!(next.state().unsynced.len(), 1, "and a cut can still take it");
    Ok(())
}

#[test]
fn the_plug_goes_in_the_operation_after_those_that_pass() -> Outcome {
    let disk = ones()?;
    disk.kill_after(2);
    disk.write(0, &[2])?;
    disk.sync_data()?;
    disk.write(1, &[2]).expect_err("the third operation dies");
    assert!(disk.is_dead() && disk.sync_data().is_err() && disk.read(0, &mut [0]).is_err());
    disk.power_cut(&mut Entropy::named(1, "disk"));
    let next = disk.revive();
    assert_eq!((image(&next)[0], next.bites().kills), (2, 1));
    next.write(5, &[5])?;
    Ok(())
}

#[test]
fn a_failed_or_lying_sync_makes_nothing_durable() -> Outcome {
    for lies in [false, true] {
        let disk = ones()?;
        disk.lie_about_sync(lies);
        disk.fail_sync(0);
        disk.write(0, &[2; 4096])?;
        disk.sync_data().expect_err("fails once");
        disk.sync_data()?;
        assert_eq!(disk.state().durable[0], if lies { 1 } else { 2 });
        assert_eq!((disk.bites().failed_syncs, disk.bites().lies), (1, u64::from(lies)));
    }
    Ok(())
}

#[test]
fn a_write_fails_once_and_a_full_disk_always() -> Outcome {
    let disk = ones()?;
    disk.fail_write(1);
    disk.write(0, &[2])?;
    disk.write(0, &[3]).expect_err("the second write fails");
    disk.write(1, &[4])?;
    assert_eq!(image(&disk)[..2], [2, 4]);
    disk.set_capacity(5000);
    for _ in 0..2 {
        let full = disk.set_len(5001).expect_err("full");
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }
    disk.set_len(5000)?;
    assert_eq!((disk.bites().failed_writes, disk.bites().full), (1, 2));
    Ok(())
}

/// Which bug is planted.
#[derive(Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// The message is acknowledged, then committed.
    AckBeforeCommit,
    /// The disk says that it synced, and did not.
    LyingDisk,
}

/// A server with one room that is written to until its power goes, again and again.
struct Rounds {
    disk: SimDisk,
    entropy: Entropy,
    bug: Bug,
    /// What clients were told is stored.
    acked: Vec<Log>,
    /// The unit in flight when the power went.
    in_flight: Vec<Log>,
    /// Rounds in which the unit in flight came through.
    extra: u64,
}

const ROOM: i64 = 7001;

impl Rounds {
    fn new(seed: u64, bug: Bug) -> Result<Self, Box<dyn std::error::Error>> {
        let disk = SimDisk::new();
        let mut db = Database::on(disk.clone())?;
        let mut unit = db.begin()?;
        World::default_world().seed(&mut unit, Time::from_secs(1))?;
        unit.commit()?;
        disk.lie_about_sync(bug == Bug::LyingDisk);
        let entropy = Entropy::named(seed, "rounds");
        Ok(Self { disk, entropy, bug, acked: Vec::new(), in_flight: Vec::new(), extra: 0 })
    }

    /// Commits units of one to four messages until the disk dies.
    fn write(&mut self, db: &mut Database) -> Result<(), StoreError> {
        loop {
            let mut prev_id = self.acked.last().map_or(0, |l| l.log_id);
            let mut unit = db.begin()?;
            self.in_flight.clear();
            for _ in 0..self.entropy.range(1, 4) {
                let log_id = prev_id + 1 + self.entropy.below(5) as i64;
                let len = if self.entropy.chance(1, 4) { self.entropy.below(20_000) } else { 20 };
                let message = Some(format!("{log_id} ").repeat(len as usize / 4));
                self.in_flight.push(Log { chat_id: ROOM, log_id, prev_id, author_id: 1001, message, ..Log::default() });
                prev_id = log_id;
            }
            for log in &self.in_flight {
                unit.apply(&Effect::AppendLog(log.clone()))?;
            }
            if self.bug == Bug::AckBeforeCommit {
                self.acked.append(&mut self.in_flight);
            }
            unit.commit()?;
            self.acked.append(&mut self.in_flight);
        }
    }

    /// One life of the server: opens, checks, writes until the disk dies, loses its power.
    fn round(&mut self) -> Result<(), String> {
        let dies_at_start = self.entropy.chance(1, 8);
        let ops = if dies_at_start { self.entropy.below(8) } else { self.entropy.range(8, 60) };
        self.disk.kill_after(ops);
        match Database::on(self.disk.clone()) {
            Ok(mut db) => {
                self.check(&mut db)?;
                let ended = self.write(&mut db);
                assert!(ended.is_err() && self.disk.is_dead());
                assert!(self.write(&mut db).is_err(), "a store that failed goes on");
                self.disk.power_cut(&mut self.entropy);
            }
            Err(_) if self.disk.is_dead() => self.disk.power_cut(&mut self.entropy),
            Err(why) => return Err(format!("cannot be opened: {why}")),
        }
        self.disk = self.disk.revive();
        Ok(())
    }

    /// What clients were told is stored is there, and besides it at most the unit in flight, whole.
    fn check(&mut self, db: &mut Database) -> Result<(), String> {
        let read = || -> Result<_, StoreError> {
            let unit = db.begin()?;
            Ok((unit.logs(ROOM, 0, i64::MAX, usize::MAX)?, unit.room(ROOM)?.map(|r| r.last_log_id)))
        };
        // The disk may die in this as well.
        let (found, last) = match { read }() {
            Err(_) if self.disk.is_dead() => return Ok(()),
            other => other.map_err(|e| e.to_string())?,
        };
        let Some(extra) = found.strip_prefix(self.acked.as_slice()) else {
            return Err(format!("{} messages were acknowledged, {} are there", self.acked.len(), found.len()));
        };
        if !extra.is_empty() && extra != self.in_flight {
            return Err(format!("{} messages nobody sent so, or half a unit", extra.len()));
        }
        if last != Some(found.last().map_or(0, |l| l.log_id)) {
            return Err(format!("the room's last log is {last:?}"));
        }
        self.extra += u64::from(!extra.is_empty());
        self.in_flight.clear();
        self.acked = found;
        Ok(())
    }
}

/// What became of some servers.
#[derive(Debug, Default, PartialEq)]
struct Ran {
    /// The first violation of each server that had one.
    found: Vec<String>,
    /// Rounds in which the unit in flight came through.
    extra: u64,
    bites: Bites,
    /// The disks at the end.
    images: Vec<Vec<u8>>,
}

/// Runs `servers` of `rounds` lives each, a server until its first violation.
fn run(bug: Bug, servers: u64, rounds: u64) -> Result<Ran, Box<dyn std::error::Error>> {
    let mut ran = Ran::default();
    for seed in 0..servers {
        let mut server = Rounds::new(seed, bug)?;
        let wrong = (0..rounds).find_map(|n| server.round().err().map(|why| format!("seed {seed}, round {n}: {why}")));
        ran.found.extend(wrong);
        let b = server.disk.bites();
        ran.bites.kills += b.kills;
        ran.bites.kept += b.kept;
        ran.bites.torn += b.torn;
        ran.bites.dropped += b.dropped;
        ran.bites.reordered += b.reordered;
        ran.extra += server.extra;
        ran.images.push(image(&server.disk));
    }
    Ok(ran)
}

#[test]
fn no_cut_of_power_loses_an_acknowledged_message() -> Outcome {
    let Ran { found, extra, bites, .. } = run(Bug::None, 100, 20)?;
    assert!(found.is_empty(), "{found:#?}");
    assert!(extra > 20, "the unit in flight came through {extra} times: do the cuts reach the end of a commit?");
    assert_eq!(bites.kills, 2000);
    assert!(bites.kept > 500 && bites.torn > 500 && bites.dropped > 500 && bites.reordered > 500, "{bites:?}");
    Ok(())
}

#[test]
fn planted_bugs_are_found_by_the_same_rounds() -> Outcome {
    for bug in [Bug::AckBeforeCommit, Bug::LyingDisk] {
        let found = run(bug, 20, 20)?.found;
        assert_eq!(found.len(), 20, "{found:#?}");
    }
    Ok(())
}

#[test]
fn the_store_on_the_disk_repeats_to_the_byte() -> Outcome {
    let (a, b) = (run(Bug::None, 4, 10)?, run(Bug::None, 4, 10)?);
    assert!(a == b, "{:?} {:?}", a.bites, b.bites);
    Ok(())
}

#[test]
fn a_volume_without_room_takes_no_write_until_it_has_room_again() -> io::Result<()> {
    let disk = SimDisk::new();
    disk.write(0, &[1; 1000])?;
    disk.set_space(Some(1500));
    disk.write(0, &[2; 1000])?;
    let refused = disk.write(0, &[3; 600]);
    assert!(refused.is_err_and(|e| e.kind() == ErrorKind::StorageFull), "over others or not");
    assert!(disk.is_filling() && disk.write(0, &[3; 1]).is_err());
    disk.sync_data()?;
    let next = disk.revive();
    assert!(next.write(0, &[3; 1]).is_err(), "a restart makes no room");
    next.set_space(None);
    next.write(0, &[4; 600])?;
    let mut out = [0; 1000];
    next.read(0, &mut out)?;
    assert!(out[..600] == [4; 600] && out[600..] == [2; 400]);
    assert_eq!(next.bites().full, 3);
    Ok(())
}

#[test]
fn a_slow_sync_is_counted_when_it_has_something_to_do() -> io::Result<()> {
    let disk = SimDisk::new();
    disk.slow_sync(Duration::from_secs(1));
    disk.sync_data()?;
    assert_eq!((disk.bites().slow_syncs, disk.sync_takes()), (0, Duration::from_secs(1)));
    disk.write(0, &[1])?;
    disk.sync_data()?;
    disk.slow_sync(Duration::ZERO);
    disk.write(0, &[1])?;
    disk.sync_data()?;
    assert_eq!(disk.bites().slow_syncs, 1);
    Ok(())
}

#[test]
fn a_life_after_a_cut_knows_that_something_is_missing() -> io::Result<()> {
    let mut lost = 0;
    for seed in 0..40 {
        let disk = SimDisk::new();
        disk.write(0, &[1; 2000])?;
        disk.sync_data()?;
        disk.write(0, &[2; 2000])?;
        disk.power_cut(&mut Entropy::named(seed, "cut"));
        let (next, bites) = (disk.revive(), disk.bites());
        assert_eq!(next.has_lost(), bites.dropped + bites.torn > 0, "seed {seed}");
        lost += u32::from(next.has_lost());
        next.kill();
        assert!(!next.revive().has_lost(), "the next life has lost nothing");
    }
    assert!((1..40).contains(&lost), "{lost}");
    Ok(())
}
