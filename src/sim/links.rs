//! The links between the servers and the hosts of clients: which faults lie on each, and what turmoil is told.
//!
//! Faults overlap, so a link counts them; what holds is the worst of them. A hold always ends with a release: turmoil
//! leaves held messages lying after a repair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use turmoil::Sim;

use super::control::Control;

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
    servers: &'static [&'static str],
    /// By the host of clients, and then by the server.
    links: BTreeMap<(Arc<str>, &'static str), Link>,
    latency_min: Duration,
    latency_max: Duration,
}

impl Links {
    /// Healthy links between these servers and these hosts.
    #[must_use]
    pub fn new(
        control: Control,
        servers: &'static [&'static str],
        hosts: &[Arc<str>],
        (latency_min, latency_max): (Duration, Duration),
    ) -> Self {
        let mut links = Self { control, servers, links: BTreeMap::new(), latency_min, latency_max };
        hosts.iter().for_each(|h| links.add(h));
        links
    }

    /// One more host of clients.
    pub fn add(&mut self, host: &Arc<str>) {
        for server in self.servers {
            self.links.entry((host.clone(), *server)).or_default();
        }
    }

    /// Changes what lies on the links of `host` to all servers, and tells turmoil.
    pub fn change(&mut self, sim: &Sim<'_>, host: &str, change: impl Fn(&mut Link)) {
        self.change_to(sim, host, None, change);
    }

    /// Changes what lies on the link of `host` to one server, or to all of them, and tells turmoil.
    pub fn change_to(&mut self, sim: &Sim<'_>, host: &str, to: Option<&str>, change: impl Fn(&mut Link)) {
        for (key, mut link) in self.of(host, to) {
            let before = state(&link);
            change(&mut link);
            self.links.insert(key.clone(), link);
            if state(&link) != before {
                self.tell(sim, &key, &link);
            }
        }
    }

    /// The links of `host` to one server, or to all.
    fn of(&self, host: &str, to: Option<&str>) -> Vec<((Arc<str>, &'static str), Link)> {
        let wanted = |(name, server): &(Arc<str>, &str)| &**name == host && to.is_none_or(|to| to == *server);
        self.links.iter().filter(|(key, _)| wanted(key)).map(|(key, link)| (key.clone(), *link)).collect()
    }

    fn tell(&self, sim: &Sim<'_>, key: &(Arc<str>, &'static str), link: &Link) {
        let (host, server) = key;
        let (dark, held) = (link.dark > 0, link.held > 0);
        let (up, down) = (dark || link.up > 0, dark || link.down > 0);
        if up || down {
            let lost = in_flight(sim, key, up, down);
            self.control.silence(lost);
        }
        let name = host.to_string();
        match (up, down) {
            (true, true) => sim.partition(*server, name),
            (true, false) => {
                sim.release(*server, name.clone());
                sim.partition_oneway(name, *server);
            }
            (false, true) => {
                sim.release(*server, name.clone());
                sim.partition_oneway(*server, name);
            }
            (false, false) if held => sim.hold(*server, name),
            (false, false) => sim.release(*server, name),
        }
        self.control.link(host, server, up, down, held && !up && !down);
    }

    /// Deletes everything in flight on all links of a server: its power is gone, and nothing says so.
    pub fn black_out(&self, sim: &Sim<'_>, server: &str) {
        for (host, _) in self.links.keys().filter(|(_, s)| *s == server) {
            sim.partition(server, host.to_string());
        }
    }

    /// Puts every link of a server back to what lies on it.
    pub fn refresh(&self, sim: &Sim<'_>, server: &str) {
        for (key, link) in self.links.iter().filter(|((_, s), _)| *s == server) {
            self.tell(sim, key, link);
        }
    }

    /// Messages between `host` and a server, or all of them, take up to `max`; nothing: as at the start.
    pub fn latency(&mut self, sim: &Sim<'_>, host: &str, to: Option<&str>, max: Option<Duration>) {
        self.delay(sim, host, to, |link| link.latency = max);
    }

    /// Messages between `host` and a server, or all of them, take from one to the other, each drawn anew; nothing: as
    /// at the start.
    pub fn jitter(&mut self, sim: &Sim<'_>, host: &str, to: Option<&str>, band: Option<(Duration, Duration)>) {
        self.delay(sim, host, to, |link| link.jitter = band);
        self.control.set_jittery(host, band.is_some());
    }

    fn delay(&mut self, sim: &Sim<'_>, host: &str, to: Option<&str>, change: impl Fn(&mut Link)) {
        for (key, mut link) in self.of(host, to) {
            change(&mut link);
            let (min, max) = link.jitter.unwrap_or((self.latency_min, self.latency_max));
            let max =
                link.latency.map_or(max, |latency| if link.jitter.is_some() { latency.max(max) } else { latency });
            // turmoil subtracts one from the other at each message.
            sim.set_link_latency(key.1, host, min);
            sim.set_link_max_message_latency(key.1, host, max.max(min));
            self.links.insert(key, link);
        }
    }

    /// All links are healthy.
    pub fn heal(&mut self, sim: &Sim<'_>) {
        for link in self.links.values_mut() {
            *link = Link::default();
        }
        self.servers.iter().for_each(|server| self.refresh(sim, server));
        let hosts: BTreeSet<Arc<str>> = self.links.keys().map(|(host, _)| host.clone()).collect();
        hosts.iter().for_each(|host| self.jitter(sim, host, None, None));
    }
}

/// Messages that are under way on a link, in these directions.
fn in_flight(sim: &Sim<'_>, (host, server): &(Arc<str>, &'static str), up: bool, down: bool) -> u64 {
    let (server, client) = (sim.lookup(*server), sim.lookup(host.to_string()));
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

/// What turmoil is told of a link.
const fn state(link: &Link) -> (bool, bool, bool) {
    (link.dark > 0 || link.up > 0, link.dark > 0 || link.down > 0, link.held > 0)
}
