//! From what was measured to what was not: how many servers it takes. Plain arithmetic, stated here and nowhere else.
//!
//! - A server takes a fixed part of memory, its own and the kernel's, and a part for each connection.
//! - It takes a fixed part of CPU, and a part for each heartbeat, whoever sends it. Processes share the cores evenly.
//! - In calm times a server uses at most [`CPU_SHARE`] of its cores and [`MEMORY_SHARE`] of its memory: the rest is for
//!   messages, for storms, and for the connections of a neighbour that has fallen.
//! - A heartbeat is three segments on the wire, each with [`SEGMENT`] bytes around it: request, reply, acknowledgement.

use std::time::Duration;

/// Cores that heartbeats may take in calm times.
pub const CPU_SHARE: f64 = 0.5;
/// Memory that connections may take in calm times.
pub const MEMORY_SHARE: f64 = 0.7;
/// Ethernet 18, IPv4 20, TCP 20 and its timestamps 12.
pub const SEGMENT: u64 = 70;
/// Segments of a heartbeat.
const SEGMENTS: u64 = 3;

/// A server that can be had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// What it is called here.
    pub name: &'static str,
    /// Its cores.
    pub cores: u32,
    /// Its memory, bytes.
    pub memory: u64,
}

/// Servers of three sizes.
pub const SIZES: [Size; 3] = [
    Size { name: "small", cores: 4, memory: 8 << 30 },
    Size { name: "medium", cores: 16, memory: 64 << 30 },
    Size { name: "large", cores: 64, memory: 256 << 30 },
];

/// A fixed part, and a part for each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// What there is without any.
    pub fixed: f64,
    /// What comes with each.
    pub each: f64,
}

impl Line {
    /// The line nearest to these points, by the squares; through them where there are two. Points that all have the same x
    /// give their mean and nothing for each.
    #[must_use]
    pub fn fit(points: &[(f64, f64)]) -> Self {
        let n = points.len().max(1) as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
        let (across, along) = (mean(&|p| (p.0 - x) * (p.1 - y)), mean(&|p| (p.0 - x) * (p.0 - x)));
        let each = if along > 0.0 { across / along } else { 0.0 };
        Self { fixed: y - each * x, each }
    }

    /// What so many come to.
    #[must_use]
    pub fn at(&self, n: f64) -> f64 {
        self.fixed + self.each * n
    }

    /// How many come to no more than this.
    fn most(&self, budget: f64) -> f64 {
        (budget - self.fixed).max(0.0) / self.each.max(f64::MIN_POSITIVE)
    }
}

/// What connections cost a server, as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Memory of the process by connections, bytes.
    pub memory: Line,
    /// Memory of the kernel by connections, bytes, one end.
    pub kernel: Line,
    /// Cores by heartbeats a second, the kernel's part too.
    pub cpu: Line,
    /// CPU for a login with all its connections.
    pub login: Duration,
    /// Bytes of a heartbeat in both directions, sealed, without TCP.
    pub bytes: f64,
}

/// What holds a server back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Its cores.
    Cpu,
    /// Its memory.
    Memory,
}

impl Limit {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
        }
    }
}

/// How many servers of one size it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// The size.
    pub size: Size,
    /// Servers.
    pub servers: u64,
    /// Connections on each.
    pub each: u64,
    /// What holds it back.
    pub limit: Limit,
    /// The share of its cores that heartbeats take.
    pub cpu: f64,
    /// The share of its memory that connections take.
    pub memory: f64,
}

/// All heartbeats together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Heartbeats a second.
    pub heartbeats: f64,
    /// Packets a second on the wire, acknowledgements too.
    pub packets: f64,
    /// Bits a second on the wire.
    pub bits: f64,
    /// Cores that they take.
    pub cores: f64,
    /// Memory that the connections take, bytes.
    pub memory: f64,
}

/// What so many connections with this heartbeat come to at one server.
#[must_use]
pub fn load(cost: &Cost, connections: f64, heartbeat: Duration) -> Load {
    let heartbeats = connections / heartbeat.as_secs_f64();
    Load {
        heartbeats,
        packets: heartbeats * SEGMENTS as f64,
        bits: heartbeats * (cost.bytes + (SEGMENTS * SEGMENT) as f64) * 8.0,
        cores: cost.cpu.at(heartbeats),
        memory: cost.memory.at(connections) + cost.kernel.at(connections),
    }
}

/// How many servers of this size carry so many connections.
#[must_use]
pub fn need(cost: &Cost, connections: u64, heartbeat: Duration, size: Size) -> Need {
    let by_cpu = cost.cpu.most(f64::from(size.cores) * CPU_SHARE) * heartbeat.as_secs_f64();
    let memory = Line { fixed: cost.memory.fixed + cost.kernel.fixed, each: cost.memory.each + cost.kernel.each };
    let by_memory = memory.most(size.memory as f64 * MEMORY_SHARE);
    let limit = if by_cpu < by_memory { Limit::Cpu } else { Limit::Memory };
    let most = (by_cpu.min(by_memory) + 1e-6).max(1.0) as u64;
    let servers = connections.div_ceil(most).max(1);
    let each = connections.div_ceil(servers);
    let share = load(cost, each as f64, heartbeat);
    Need {
        size,
        servers,
        each,
        limit,
        cpu: share.cores / f64::from(size.cores),
        memory: share.memory / size.memory as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Cost = Cost {
        memory: Line { fixed: 0.0, each: 3000.0 },
        kernel: Line { fixed: 0.0, each: 5000.0 },
        cpu: Line { fixed: 0.0, each: 20e-6 },
        login: Duration::from_millis(5),
        bytes: 90.0,
    };

    #[test]
    fn the_sums_are_those_that_one_does_by_hand() {
        // 6,000,000 connections, one heartbeat a minute: 100,000 a second.
        let all = load(&COST, 6e6, Duration::from_secs(60));
        let rounded = [all.heartbeats, all.packets, all.bits, all.cores, all.memory].map(f64::round);
        assert_eq!(rounded, [100_000.0, 300_000.0, 240_000_000.0, 2.0, 48e9]);
    }

    #[test]
    fn what_is_fixed_is_taken_off_what_there_is() {
        let size = Size { name: "test", cores: 2, memory: 1 << 30 };
        let fixed = Cost { cpu: Line { fixed: 0.5, ..COST.cpu }, ..COST };
        // Half of the core that heartbeats may take is gone.
        assert_eq!(need(&fixed, 1_000_000, Duration::from_secs(1), size).servers, 40);
        let full = Cost { memory: Line { fixed: 2e9, ..COST.memory }, ..COST };
        assert_eq!(
            need(&full, 10, Duration::from_secs(60), size).servers,
            10,
            "one each, for none at all is no server"
        );
    }

    #[test]
    fn a_line_goes_through_two_points_and_between_three() {
        assert_eq!(Line::fit(&[(1.0, 5.0), (3.0, 9.0)]), Line { fixed: 3.0, each: 2.0 });
        assert_eq!(Line::fit(&[(0.0, 0.0), (1.0, 3.0), (2.0, 0.0)]), Line { fixed: 1.0, each: 0.0 });
        assert_eq!(Line::fit(&[(7.0, 4.0), (7.0, 6.0)]), Line { fixed: 5.0, each: 0.0 });
        assert_eq!(Line { fixed: 3.0, each: 2.0 }.at(10.0), 23.0);
    }

    #[test]
    fn the_scarcer_of_both_decides() {
        let size = Size { name: "test", cores: 2, memory: 1 << 30 };
        // 2 cores at 50 % carry 50,000 heartbeats a second; 0.7 GiB carry 93,952 connections.
        let slow = need(&COST, 1_000_000, Duration::from_secs(60), size);
        assert_eq!((slow.servers, slow.limit), (11, Limit::Memory));
        let fast = need(&COST, 1_000_000, Duration::from_secs(1), size);
        assert_eq!((fast.servers, fast.each, fast.limit), (20, 50_000, Limit::Cpu));
        assert!((fast.cpu - 0.5).abs() < 1e-9, "{fast:?}");
        let few = need(&COST, 1, Duration::from_secs(60), size);
        assert_eq!((few.servers, few.each), (1, 1));
    }
}
