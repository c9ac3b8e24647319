//! The links between the server and the hosts of clients: which faults lie on each, and what turmoil is told.
//!
//! Faults overlap, so a link counts them; what holds is the worst of them. A hold always ends with a release: turmoil
//! leaves held messages lying after a repair.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use turmoil::Sim;

use super::control::Control;
use super::server::HOST;

/// The faults on one link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Both ways dark.
    pub dark: u32,
    /// From the client to the server dark.
    pub up: u32,
    /// From the server to the client dark.
    pub down: u32,
    /// Held.
    pub held: u32,
    /// Messages take up to this.
    latency: Option<Duration>,
    /// Messages take from this to that.
    jitter: Option<(Duration, Duration)>,
}

/// All links.
#[derive(Clone, Debug)]
pub struct Links {
    control: Control,
    links: BTreeMap<Arc<str>, Link>,
    latency_min: Duration,
    latency_max: Duration,
}

impl Links {
    /// Healthy links between the server and these hosts.
    #[must_use]
    pub fn new(control: Control, hosts: &[Arc<str>], (latency_min, latency_max): (Duration, Duration)) -> Self {
        let links = hosts.iter().map(|h| (h.clone(), Link::default())).collect();
        Self { control, links, latency_min, latency_max }
    }

    /// One more host.
    pub fn add(&mut self, host: &Arc<str>) {
        self.links.entry(host.clone()).or_default();
    }

    /// Changes what lies on the link of `host`, and tells turmoil.
    pub fn change(&mut self, sim: &Sim<'_>, host: &str, change: impl FnOnce(&mut Link)) {
        let Some((name, link)) = self.links.iter_mut().find(|(name, _)| &***name == host) else { return };
        let before = state(link);
        change(link);
        let (name, link) = (name.clone(), *link);
        if state(&link) != before {
            self.tell(sim, &name, &link);
        }
    }

    fn tell(&self, sim: &Sim<'_>, host: &Arc<str>, link: &Link) {
        let (dark, held) = (link.dark > 0, link.held > 0);
        let (up, down) = (dark || link.up > 0, dark || link.down > 0);
        if up || down {
            let lost = self.in_flight(sim, host, up, down);
            self.control.bit(|b| b.partition_in_flight += lost);
        }
        let name = host.to_string();
        match (up, down) {
            (true, true) => sim.partition(HOST, name),
            (true, false) => {
                sim.release(HOST, name.clone());
                sim.partition_oneway(name, HOST);
            }
            (false, true) => {
                sim.release(HOST, name.clone());
                sim.partition_oneway(HOST, name);
            }
            (false, false) if held => sim.hold(HOST, name),
            (false, false) => sim.release(HOST, name),
        }
        self.control.link(host, up, down, held && !up && !down);
    }

    fn in_flight(&self, sim: &Sim<'_>, host: &str, up: bool, down: bool) -> u64 {
        let (server, client) = (sim.lookup(HOST), sim.lookup(host));
        let mut n = 0;
        sim.links(|links| {
            for message in links.flatten() {
                let (from, to) = message.pair();
                let is_up = from.ip() == client && to.ip() == server;
                let is_down = from.ip() == server && to.ip() == client;
                n += u64::from(is_up && up || is_down && down);
            }
        });
        n
    }

    /// Deletes everything in flight, on all links: the power of the server is gone, and nothing says so.
    pub fn black_out(&self, sim: &Sim<'_>) {
        for host in self.links.keys() {
            sim.partition(HOST, host.to_string());
        }
    }

    /// Puts every link back to what lies on it.
    pub fn refresh(&self, sim: &Sim<'_>) {
        for (host, link) in &self.links {
            self.tell(sim, host, link);
        }
    }

    /// Messages to and from `host` take up to `max`; nothing: as at the start.
    pub fn latency(&mut self, sim: &Sim<'_>, host: &str, max: Option<Duration>) {
        self.delay(sim, host, |link| link.latency = max);
    }

    /// Messages to and from `host` take from one to the other, each drawn anew; nothing: as at the start.
    pub fn jitter(&mut self, sim: &Sim<'_>, host: &str, band: Option<(Duration, Duration)>) {
        self.delay(sim, host, |link| link.jitter = band);
        self.control.set_jittery(host, band.is_some());
    }

    fn delay(&mut self, sim: &Sim<'_>, host: &str, change: impl FnOnce(&mut Link)) {
        let Some(link) = self.links.get_mut(host) else { return };
        change(link);
        let (min, max) = link.jitter.unwrap_or((self.latency_min, self.latency_max));
        let max = link.latency.map_or(max, |latency| if link.jitter.is_some() { latency.max(max) } else { latency });
        // turmoil subtracts one from the other at each message.
        sim.set_link_latency(HOST, host, min);
        sim.set_link_max_message_latency(HOST, host, max.max(min));
    }

    /// All links are healthy.
    pub fn heal(&mut self, sim: &Sim<'_>) {
        for link in self.links.values_mut() {
            *link = Link::default();
        }
        self.refresh(sim);
        let hosts: Vec<Arc<str>> = self.links.keys().cloned().collect();
        hosts.iter().for_each(|host| self.jitter(sim, host, None));
    }
}

/// What turmoil is told of a link.
const fn state(link: &Link) -> (bool, bool, bool) {
    (link.dark > 0 || link.up > 0, link.dark > 0 || link.down > 0, link.held > 0)
}
