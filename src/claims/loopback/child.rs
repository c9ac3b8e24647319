//! A server as a process of its own: this program, called with `claims --serve`.

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{ChildStdin, Command, Stdio};

use serde_json::{Value, json};

use super::names;
use crate::capacity::process::raise_files;
use crate::claims::certs::Trust;
use crate::claims::loco::{self, House};
use crate::claims::simulate::{Place, store};
use crate::claims::transport::{Habits, Transport};
use crate::claims::web::rooms::Rooms;
use crate::claims::web::serve::{Speaks, serve};
use crate::net::clock::system_entropy;
use crate::net::serve::Doors;
use crate::net::{Clock, Network, Tcp};
use crate::proto::command::Door;
use crate::store::World;
use crate::store::world::{WorldRoom, WorldRoomKind, WorldUser};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The reference server.
    Loco,
    /// The small one for WebSocket and HTTP.
    Web,
}

impl Kind {
    /// Its name in arguments.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loco => "loco",
            Self::Web => "web",
        }
    }

    /// The server of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, String> {
        [Self::Loco, Self::Web].into_iter().find(|k| k.as_str() == name).ok_or_else(|| "loco or web".to_owned())
    }
}

/// The id and the token of one of a crowd.
pub(super) fn one_of_many(n: usize) -> (i64, String) {
    (100_000 + n as i64, format!("crowd{n}-token"))
}

/// The pairs with their rooms, and a crowd.
fn world(crowd: usize) -> World {
    let mut world = World { users: Vec::new(), rooms: Vec::new(), ..World::default_world() };
    let user = |id: i64, token: String| WorldUser { id, name: format!("u{id}"), token, ..WorldUser::default() };
    for at in 0..Transport::ALL.len() {
        let (users, room) = names(at);
        let members = users.iter().map(|(id, _)| format!("u{id}")).collect();
        world.users.extend(users.map(|(id, token)| user(id, token)));
        world.rooms.push(WorldRoom { id: room, kind: WorldRoomKind::Direct, members });
    }
    world.users.extend((0..crowd).map(one_of_many).map(|(id, token)| user(id, token)));
    world
}

/// Serves on free ports, says on `out` which, and goes on until stdin ends.
///
/// # Errors
/// A port, the store, or TLS.
pub async fn serve_here(kind: Kind, crowd: usize, out: impl FnOnce(&str)) -> Result<(), String> {
    raise_files();
    let (here, clock) = (IpAddr::V4(Ipv4Addr::LOCALHOST), Clock::system());
    let tls = Trust::fixed()?.acceptor()?;
    let db = store(&world(crowd), clock.now())?;
    let text = |e: std::io::Error| format!("this machine: {e}");
    if kind == Kind::Loco {
        let doors = Doors::bind(&Tcp, &loco::addrs(here, |_| 0)).await.map_err(|e| e.to_string())?;
        let port = |door| doors.addr(door).map_or(0, |a| a.port());
        out(&json!({"booking": port(Door::Booking), "entry": port(Door::Entry), "http": 0, "web_socket": 0})
            .to_string());
        let entropy = system_entropy().map_err(text)?;
        let heartbeat = Habits::QUIET.heartbeat;
        let house = House { host: here.to_string(), db, tls, clock, entropy, heartbeat };
        tokio::select! {
            biased;
            done = loco::run(Tcp, doors, house) => return done,
            () = stdin_ends() => return Ok(()),
        }
    }
    let rooms = Rooms::new(db, clock);
    let mut ports = Vec::new();
    for speaks in [Speaks::Http, Speaks::WebSocket] {
        let listener = Tcp.bind(SocketAddr::new(here, 0)).await.map_err(text)?;
        ports.push(Tcp.local_addr(&listener).map_err(text)?.port());
        tokio::spawn(serve(Tcp, listener, tls.clone(), rooms.clone(), speaks));
    }
    out(&json!({"booking": 0, "entry": 0, "http": ports[0], "web_socket": ports[1]}).to_string());
    stdin_ends().await;
    Ok(())
}

/// Waits for it in a thread, which costs nothing meanwhile.
async fn stdin_ends() {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = tell.send(());
    });
    let _ = told.await;
}

/// A running server. It is told to end when this is dropped.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    _stdin: Option<ChildStdin>,
    ports: [u16; 4],
}

impl Child {
    /// Starts one that knows a crowd of so many.
    ///
    /// # Errors
    /// It does not start, or does not say where it listens.
    pub fn start(kind: Kind, crowd: usize) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|e| format!("this program cannot find itself: {e}"))?;
        let mut command = Command::new(program);
        command.args(["claims", "--serve", kind.as_str(), "--connections", &crowd.to_string()]);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|e| format!("start a server: {e}"))?;
        let stdin = process.stdin.take();
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let port = |name: &str| said[name].as_u64().and_then(|p| u16::try_from(p).ok());
        let ports = ["booking", "entry", "http", "web_socket"].map(port);
        let mut child = Self { process, _stdin: stdin, ports: [0; 4] };
        for (slot, port) in child.ports.iter_mut().zip(ports) {
            *slot = port.ok_or_else(|| format!("the server did not say where it listens, but {line:?}"))?;
        }
        Ok(child)
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Where it listens.
    #[must_use]
    pub const fn place(&self) -> Place<'static> {
        let [booking, entry, http, web_socket] = self.ports;
        Place { host: "127.0.0.1", doors: [booking, entry], http, web_socket }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
