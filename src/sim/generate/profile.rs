//! What a scenario is generated for: the sizes of its world, and for how long it is broken.
//!
//! | profile | world | breaks for | finds |
//! | --- | --- | --- | --- |
//! | `short` | some 6 clients, steps of 20 ms | 1 to 2 minutes | what a change has broken: for tests |
//! | `sweep` | 12 clients, steps of 20 or 50 ms | nearly 5 minutes | most, by many seeds |
//! | `race` | the same, steps of 1 ms, short ways, many things in one moment | some 15 seconds | what hangs on the order of moments |
//! | `soak` | steps of 250 ms, the heartbeat of life | 24 hours, few faults an hour | what piles up or wears out |
//! | `storm` | 1,000 clients on 6 hosts | a minute, all reconnecting again and again | what does not bear numbers |

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mix::with_old;
use super::{draw, span, span_ms};
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;
use crate::sim::fault::Fault;
use crate::sim::scenario::{Mix, Scenario, client_name, host_name};
use crate::sim::server::{HOST, server_hosts};

/// What a scenario is generated for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A small world for a short time.
    #[default]
    Short,
    /// Many seeds, every kind of fault.
    Sweep,
    /// Many things in one moment, in small steps.
    Race,
    /// A whole day.
    Soak,
    /// A thousand clients that reconnect.
    Storm,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Short, Self::Sweep, Self::Race, Self::Soak, Self::Storm];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Sweep => "sweep",
            Self::Race => "race",
            Self::Soak => "soak",
            Self::Storm => "storm",
        }
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// There is none; the names that there are.
    pub fn parse(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == name)
            .ok_or_else(|| format!("no profile `{name}`; there are {}", names()))
    }

    /// How many times as many faults of each kind as in a short run.
    pub(super) const fn times(self) -> u64 {
        match self {
            Self::Short | Self::Race | Self::Storm => 1,
            Self::Sweep => 2,
            Self::Soak => 6,
        }
    }

    /// Makes the world of a scenario that of this profile.
    pub(super) fn shape(self, s: &mut Scenario) {
        let e = &mut Entropy::named(s.seed, &format!("generate/{self}"));
        s.world.profile = self;
        if self == Self::Short {
            return;
        }
        if e.chance(1, 3) {
            s.world.carriages = 2;
        }
        if e.chance(1, 4) {
            let all = [Era::E2012, Era::E2019, Era::E2023, Era::E2025];
            let first = usize::try_from(e.below(4)).unwrap_or_default();
            let eras = all.iter().cycle().skip(first).take(usize::try_from(e.range(2, 4)).unwrap_or(2));
            s.world.eras = eras.copied().collect();
            let e = &mut Entropy::named(s.seed, &format!("generate/{self}/old"));
            s.workload.mix = with_old(s.workload.mix, e);
        }
        let (world, workload) = (&mut s.world, &mut s.workload);
        match self {
            Self::Short => {}
            Self::Sweep => {
                world.tick = span_ms(if e.chance(3, 4) { 50 } else { 20 });
                (world.users, world.devices_per_user, world.client_hosts) = (6, 2, draw(e, 2, 3));
                world.heartbeat = span(e.range(6, 30));
                s.heal_at = span(e.range(265, 285));
                workload.actions = draw(e, 100, 240);
            }
            Self::Race => {
                world.tick = span_ms(1);
                let low = e.range(1, 3);
                world.latency = (span_ms(low), span_ms(low + e.below(12)));
                world.commit = (span_ms(0), span_ms(e.range(1, 8)));
                world.heartbeat = span(e.range(2, 5));
                s.heal_at = span(e.range(12, 20));
                workload.actions = draw(e, 60, 200);
            }
            Self::Soak => {
                world.tick = span_ms(250);
                world.heartbeat = span(60);
                s.heal_at = span(24 * 3600);
                workload.actions = draw(e, 1500, 3000);
            }
            Self::Storm => {
                world.tick = span_ms(50);
                (world.users, world.devices_per_user, world.client_hosts) = (500, 2, 6);
                world.rooms = draw(e, 100, 200);
                world.heartbeat = span(e.range(10, 20));
                world.real_rsa = false;
                s.heal_at = span(e.range(50, 70));
                workload.actions = draw(e, 300, 600);
                workload.mix = Mix { open: 0, leave: 0, relogin: 1, ..workload.mix };
            }
        }
    }

    /// The faults that a profile, or a world with two carriages, has on top.
    pub(super) fn add_faults(self, s: &mut Scenario, last_s: u64) {
        let e = &mut Entropy::named(s.seed, &format!("generate/{self}/faults"));
        if s.world.carriages > 1 {
            scatter(s, e);
            if s.swarm.drains {
                roll(s, e, last_s);
            }
        }
        match self {
            Self::Race => {
                moments(s, e, last_s);
                flood(s);
            }
            Self::Storm => storms(s, e, last_s),
            Self::Short | Self::Sweep | Self::Soak => {}
        }
        s.faults.sort_by_key(Fault::at);
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of these.
fn one(e: &mut Entropy, of: &[&str]) -> String {
    let at = usize::try_from(e.below(of.len() as u64)).unwrap_or_default();
    of.get(at).copied().unwrap_or(HOST).to_owned()
}

/// Some faults are of one server and not of all, or not of the one that has the disk.
fn scatter(s: &mut Scenario, e: &mut Entropy) {
    let servers = server_hosts(s.world.carriages);
    for fault in &mut s.faults {
        let named = e.chance(1, 3).then(|| one(e, servers));
        match fault {
            Fault::Partition { to, .. }
            | Fault::PartitionOneway { to, .. }
            | Fault::Hold { to, .. }
            | Fault::Latency { to, .. }
            | Fault::Jitter { to, .. } => *to = named,
            Fault::Crash { host, .. } | Fault::PowerCut { host, .. } | Fault::Drain { host, .. } => {
                *host = named.unwrap_or_else(|| HOST.to_owned());
            }
            _ => {}
        }
    }
}

/// A rolling restart: the one that serves is drained, the other serves, and back.
fn roll(s: &mut Scenario, e: &mut Entropy, last_s: u64) {
    let at = e.range(2000, last_s * 1000);
    let pause = e.range(6000, 12_000);
    for at in [at, at + pause] {
        if at <= last_s * 1000 {
            s.faults.push(Fault::Drain {
                at: span_ms(at),
                host: HOST.to_owned(),
                down_for: span_ms(e.range(20, 4000)),
            });
        }
    }
}

/// Moments in which many clients do something at once.
fn moments(s: &mut Scenario, e: &mut Entropy, last_s: u64) {
    let clients = s.clients();
    for _ in 0..e.range(2, 6) {
        let at = span_ms(e.range(2000, last_s * 1000));
        let same_room = e.chance(1, 2);
        for (user, second, _) in &clients {
            if e.chance(2, 3) {
                let room = if same_room { 7000 } else { 7000 + e.below(s.world.rooms.into()).cast_signed() };
                let client = client_name(*user, *second);
                s.faults.push(Fault::Burst { at, client, room, writes: draw(e, 1, 3), text: draw(e, 20, 200) });
            }
        }
    }
}

/// In one of four worlds everybody but one writes much at once, and that one reads next to nothing: what waits for it
/// must not grow without end.
fn flood(s: &mut Scenario) {
    let e = &mut Entropy::named(s.seed, "generate/race/flood");
    if !e.chance(1, 4) {
        return;
    }
    // The network holds so many pieces, whatever their size: many small commits make many of them.
    s.world.commit = (span_ms(0), span_ms(0));
    s.world.send_queue = 32 << 10;
    s.workload.text_max = 64;
    let mut clients: Vec<String> = s.clients().into_iter().map(|(user, second, _)| client_name(user, second)).collect();
    let reader = clients.swap_remove(usize::try_from(e.below(clients.len() as u64)).unwrap_or_default());
    let at = e.range(2000, 3000);
    let writes = draw(e, 400, 600) / u32::try_from(clients.len()).unwrap_or(1).max(1);
    s.faults.push(Fault::SlowReader {
        at: span_ms(at),
        r#for: span_ms(e.range(6000, 8000)),
        client: reader,
        bytes_per_second: 50,
    });
    for client in clients {
        s.faults.push(Fault::Burst { at: span_ms(at + 100), client, room: 7000, writes, text: 900 });
    }
}

/// All or many reconnect, for this reason or that, while others have not come back yet.
fn storms(s: &mut Scenario, e: &mut Entropy, last_s: u64) {
    for _ in 0..e.range(3, 5) {
        let at = span_ms(e.range(6000, last_s * 1000));
        let (host, down_for) = (HOST.to_owned(), span_ms(e.range(20, 3000)));
        s.faults.push(match e.below(4) {
            0 => Fault::Crash { at, host, down_for },
            1 => Fault::Drain { at, host, down_for },
            2 => Fault::Partition { at, r#for: span_ms(e.range(100, 9000)), host: host_name(draw(e, 1, 6)), to: None },
            _ => Fault::Storm { at, share: draw(e, 30, 100) },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::generate::generate_for;

    #[test]
    fn every_profile_gives_scenarios_that_can_be() -> Result<(), String> {
        for profile in Profile::ALL {
            assert_eq!(Profile::parse(profile.as_str()), Ok(profile));
            let (mut two, mut mixed) = (0, 0);
            for seed in 0..40 {
                let s = generate_for(profile, seed);
                assert_eq!((s.wrong(), s.world.profile), (None, profile), "{profile}, seed {seed}");
                assert_eq!(Scenario::parse("s.yaml", &s.to_yaml()?).as_ref(), Ok(&s), "{profile}, seed {seed}");
                two += u32::from(s.world.carriages == 2);
                mixed += u32::from(!s.world.eras.is_empty());
            }
            let short = profile == Profile::Short;
            assert!(
                short || (5..35).contains(&two) && (3..30).contains(&mixed),
                "{profile}: {two} with two, {mixed} mixed"
            );
        }
        assert!(Profile::parse("calm").is_err_and(|e| e.contains("short, sweep, race, soak, storm")));
        Ok(())
    }
}
