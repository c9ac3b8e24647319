//! A workload as a list of steps, and a scenario without what names nobody any more: pure functions from data to data.

use std::time::Duration;

use super::step::{Do, Step};
use crate::proto::entropy::Entropy;
use crate::sim::scenario::{Fault, Scenario, client_name, host_name};
use crate::sim::world::ROOM_BASE;
use crate::spec::format::Span;

/// Clients log in within this at the start.
pub(super) const ARRIVE_MS_MAX: u64 = 2000;
/// How long a user stays away between logging out and in again, at most.
const AWAY_MS_MAX: u64 = 4000;
/// Most files have at most this, in bytes; some have several pieces.
const SMALL_FILE_MAX: u64 = 4000;
/// No file is larger.
const FILE_MAX: u64 = 200_000;
/// A short text has at most this.
const SHORT_MAX: u64 = 60;

impl Scenario {
    /// The same scenario with its actions drawn: `actions` is 0, and `script` has every one of them. A run of it does
    /// the same at the same time, and has the same trace.
    #[must_use]
    pub fn unrolled(&self) -> Self {
        let mut script = self.workload.script.clone();
        script.extend(drawn(self));
        script.sort_by_key(|step| step.at);
        let mut unrolled = self.clone();
        unrolled.workload.actions = 0;
        unrolled.workload.script = script;
        unrolled
    }

    /// The same scenario without the steps and the faults that name a client, host or room which is not there.
    #[must_use]
    pub fn tidied(&self) -> Self {
        let hosts: Vec<String> = (1..=self.world.client_hosts).map(host_name).collect();
        let clients = self.client_names();
        let mut tidied = self.clone();
        tidied.workload.script.retain(|step| clients.contains(&step.client));
        tidied.faults.retain(|fault| {
            let there = |name: &str| !names_client_or_phone(name) || hosts.iter().chain(&clients).any(|n| n == name);
            let rooms = ROOM_BASE..ROOM_BASE + i64::from(self.world.rooms);
            let room = !matches!(fault, Fault::Burst { room, .. } if !rooms.contains(room));
            let user = |name: &str| (1..=self.world.users).any(|n| name == format!("u{n}"));
            let user = !matches!(fault, Fault::ExpireToken { user: name, .. } if !user(name));
            room && user && fault.target().is_none_or(there)
        });
        tidied
    }

    /// The names of all clients.
    #[must_use]
    pub fn client_names(&self) -> Vec<String> {
        self.clients().into_iter().map(|(user, second, _)| client_name(user, second)).collect()
    }
}

/// Whether a fault's target is a client or a host of clients; hosts of servers are always there.
fn names_client_or_phone(name: &str) -> bool {
    name.contains('/') || name.starts_with("phones-")
}

/// The actions that the mix gives.
fn drawn(s: &Scenario) -> Vec<Step> {
    let clients = s.client_names();
    let (spec, e) = (&s.workload, &mut Entropy::named(s.seed, "workload"));
    let end = u64::try_from(s.heal_at.0.as_millis()).unwrap_or(u64::MAX);
    let mut all = Vec::new();
    for _ in 0..spec.actions {
        let at = span_ms(e.range(ARRIVE_MS_MAX.min(end), end));
        let who = usize::try_from(e.below(clients.len() as u64)).unwrap_or_default();
        let (Some(client), Some(r#do)) = (clients.get(who).cloned(), spec.mix.draw(e)) else { continue };
        let mut step = Step { at, client, r#do, pick: e.below(1 << 32), len: 0, r#for: Span::default() };
        match r#do {
            Do::Relogin => step.r#for = span_ms(e.range(100, AWAY_MS_MAX)),
            Do::Write => {
                let long = e.chance(1, 6);
                let len = e.range(1, if long { spec.text_max.into() } else { SHORT_MAX });
                step.len = u32::try_from(len).unwrap_or(u32::MAX);
            }
            Do::Upload => {
                let most = [SMALL_FILE_MAX, FILE_MAX][usize::from(e.chance(1, 2))];
                step.len = u32::try_from(e.range(1, most)).unwrap_or(u32::MAX);
            }
            _ => {}
        }
        all.push(step);
    }
    all
}

const fn span_ms(ms: u64) -> Span {
    Span(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::generate::generate;

    #[test]
    fn unrolling_is_pure_and_done_once() -> Result<(), String> {
        for seed in 0..20 {
            let s = generate(seed);
            let once = s.unrolled();
            assert_eq!(once, s.unrolled());
            assert_eq!(once.unrolled(), once, "seed {seed}");
            assert_eq!((once.workload.actions, once.wrong()), (0, None));
            assert_eq!(once.workload.script.len(), s.workload.actions as usize);
            let text = once.to_yaml()?;
            assert_eq!(Scenario::parse("s.yaml", &text).map_err(|e| e.to_string())?, once);
        }
        Ok(())
    }

    #[test]
    fn what_names_nobody_is_refused_and_tidied_away() {
        let mut s = generate(3).unrolled();
        assert_eq!(s.tidied(), s);
        s.world.users -= 1;
        s.world.client_hosts = 1;
        let gone = client_name(s.world.users + 1, false);
        let refused = s.wrong();
        assert!(refused.is_some_and(|(path, what)| path.contains('[') && what.contains("there is no")));
        let tidied = s.tidied();
        assert_eq!(tidied.wrong(), None);
        assert!(tidied.workload.script.len() < s.workload.script.len());
        assert!(tidied.workload.script.iter().all(|step| step.client != gone));
    }

    #[test]
    fn a_step_after_the_end_is_refused() {
        let mut s = generate(3).unrolled();
        if let Some(step) = s.workload.script.last_mut() {
            step.at = Span(s.heal_at.0 * 2);
        }
        assert!(s.wrong().is_some_and(|(path, _)| path.starts_with("workload.script[")));
    }
}
