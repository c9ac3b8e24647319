//! A scenario is data: who is there, what they do, what breaks and when. `generate` makes one from a seed, a file
//! holds one, and what runs is always the data.
//!
//! Every fault carries its own end, so that deleting one never leaves a dangling repair.

mod check;

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use super::fault::Fault;
pub use super::generate::profile::Profile;
pub use super::workload::mix::Mix;
pub use super::workload::step::{Do, Step};
use crate::proto::quirk::{Quirk, Quirks};
use crate::proto::secure::Era;
use crate::spec::format::Span;
use crate::spec::yaml::{self, Diagnostic, Located};

/// Which format a scenario is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The first.
    #[default]
    #[serde(rename = "locospec-scenario/1")]
    V1,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// `locospec-scenario/1`.
    pub format: Format,
    /// What it shows, for a reader.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The version of the crate that wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub written_by: String,
    /// All randomness of the run.
    pub seed: u64,
    /// The generation that all clients speak, unless `world.eras` says otherwise.
    #[serde(deserialize_with = "era_from", serialize_with = "era_to")]
    pub era: Era,
    /// Who and what is there.
    pub world: WorldSpec,
    /// Which kinds of fault may happen: what the generator drew. For a reader; the faults are below.
    #[serde(default)]
    pub swarm: Swarm,
    /// What the users do.
    pub workload: Workload,
    /// What breaks.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Everything is mended here; then all must become well.
    pub heal_at: Span,
    /// Planted bugs, by name.
    #[serde(default)]
    pub quirks: Vec<String>,
}

/// Who and what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSpec {
    /// What it was generated for, for a reader.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: Profile,
    /// 1: a server with every door, on the host `server`. 2: `carriage-a` and `carriage-b` over one store, one of them
    /// serving and the other waiting for the disk, and `front` with the doors before them.
    pub carriages: u32,
    /// The generations of the clients, each client the next one, and again from the first; none: all speak `era`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "eras_from",
        serialize_with = "eras_to"
    )]
    pub eras: Vec<Era>,
    /// Hosts of clients: what a partition cuts off. Called `phones-1`, `phones-2` and so on.
    pub client_hosts: u32,
    /// Users, called `u1`, `u2` and so on.
    pub users: u32,
    /// 1 or 2 for each user: `u1/main`, `u1/sub`.
    pub devices_per_user: u32,
    /// Rooms, 7000 and up.
    pub rooms: u32,
    /// The step of simulated time.
    pub tick: Span,
    /// The least and the most a message takes from host to host.
    pub latency: (Span, Span),
    /// The least and the most that a commit takes on top of itself.
    pub commit: (Span, Span),
    /// Between two PINGs.
    pub heartbeat: Span,
    /// RSA for real, or remembered: the same bytes on the wire, a fortieth of the work.
    #[serde(default)]
    pub real_rsa: bool,
    /// Bytes waiting for one peer, beyond which the server cuts it off.
    #[serde(default = "send_queue_default")]
    pub send_queue: usize,
}

const fn text_max_default() -> u32 {
    64
}

const fn send_queue_default() -> usize {
    256 << 10
}

/// Which kinds of fault a generated scenario may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools)]
pub struct Swarm {
    /// `partition` and `partition_oneway`.
    pub partitions: bool,
    /// `hold`.
    pub holds: bool,
    /// `latency`.
    pub latency: bool,
    /// `crash`.
    pub crashes: bool,
    /// `power_cut`.
    pub power_cuts: bool,
    /// `drop_heartbeat`.
    pub heartbeat_loss: bool,
    /// `stalled_reader` and `slow_reader`.
    pub slow_readers: bool,
    /// `drain`.
    pub drains: bool,
    /// `storm`.
    pub storms: bool,
    /// `reset`.
    pub resets: bool,
    /// `flip`.
    pub corruption: bool,
    /// `disk_error`.
    pub disk_errors: bool,
    /// `bandwidth`.
    pub bandwidth: bool,
    /// `jitter`.
    pub jitter: bool,
    /// `delay_heartbeat`.
    pub heartbeat_delay: bool,
    /// `double_heartbeat`.
    pub heartbeat_double: bool,
    /// `cut` and `join`.
    pub cuts: bool,
    /// `expire_token`.
    pub expiries: bool,
    /// `clock_rate`.
    pub clocks: bool,
    /// `slow_sync`.
    pub slow_syncs: bool,
    /// `disk_full`.
    pub disk_full: bool,
    /// `reset_file`.
    pub file_resets: bool,
}

/// What the users do before `heal_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Actions of all users together, drawn by the mix.
    #[serde(default)]
    pub actions: u32,
    /// How often each kind of action is drawn.
    #[serde(default)]
    pub mix: Mix,
    /// The longest text, in bytes. Most are short.
    #[serde(default = "text_max_default")]
    pub text_max: u32,
    /// Besides, these: see `Scenario::unrolled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<Step>,
}

fn era_from<'de, D: Deserializer<'de>>(d: D) -> Result<Era, D::Error> {
    let name = String::deserialize(d)?;
    Era::parse(&name).ok_or_else(|| {
        serde::de::Error::custom(format!("`{name}` is no era: write \"2012\", \"2019\", \"2023\" or \"2025\""))
    })
}

fn era_to<S: Serializer>(era: &Era, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(era.as_str())
}

fn eras_from<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Era>, D::Error> {
    struct Name(Era);
    impl<'de> Deserialize<'de> for Name {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            era_from(d).map(Self)
        }
    }
    Ok(Vec::<Name>::deserialize(d)?.into_iter().map(|name| name.0).collect())
}

fn eras_to<S: Serializer>(eras: &[Era], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(eras.iter().map(|era| era.as_str()))
}

fn is_default(profile: &Profile) -> bool {
    *profile == Profile::default()
}

impl Scenario {
    /// The scenario in the file at `path`.
    ///
    /// # Errors
    /// `file:line:column: what is wrong`.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        Self::checked(yaml::read(path, &path.display().to_string())?)
    }

    /// The scenario in `text`, called `file` in errors.
    ///
    /// # Errors
    /// `file:line:column: what is wrong`.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostic> {
        Self::checked(yaml::parse(file, text)?)
    }

    fn checked(read: Located<Self>) -> Result<Self, Diagnostic> {
        match read.value.wrong() {
            None => Ok(read.value),
            Some((path, what)) => Err(read.wrong(&path, what)),
        }
    }

    /// The scenario as a file.
    ///
    /// # Errors
    /// It cannot be written as YAML.
    pub fn to_yaml(&self) -> Result<String, String> {
        yaml::write(self)
    }

    /// The planted bugs.
    #[must_use]
    pub fn quirk_set(&self) -> Quirks {
        self.quirks.iter().filter_map(|q| Quirk::parse(q)).fold(Quirks::NONE, Quirks::with)
    }

    /// The generation of the `n`th client.
    #[must_use]
    pub fn era_of(&self, n: usize) -> Era {
        let eras = &self.world.eras;
        eras.get(n % eras.len().max(1)).copied().unwrap_or(self.era)
    }

    /// The clients: user, device, host.
    #[must_use]
    pub fn clients(&self) -> Vec<(u32, bool, u32)> {
        let w = &self.world;
        let mut n = 0;
        let mut all = Vec::new();
        for user in 1..=w.users {
            for second in [false, true].into_iter().take(w.devices_per_user as usize) {
                all.push((user, second, n % w.client_hosts.max(1) + 1));
                n += 1;
            }
        }
        all
    }
}

/// The name of the `n`th host of clients, from 1.
#[must_use]
pub fn host_name(n: u32) -> String {
    format!("phones-{n}")
}

/// The name of a client: the user from 1, and whether it is the second device.
#[must_use]
pub fn client_name(user: u32, second: bool) -> String {
    format!("u{user}/{}", if second { "sub" } else { "main" })
}
