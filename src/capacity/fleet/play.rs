//! What happens in a fleet, one event after the other.

use std::time::Duration;

use super::{Far, Fleet, Knock, ToClient, ToServer, What};
use crate::proto::client::{self, Action, Event};
use crate::proto::server::{self, ConnId};
use crate::proto::time::Time;

/// When a kernel tries again to connect for the first time; twice as long after each further try, as Linux does.
const SYN_AGAIN: Duration = Duration::from_secs(1);

impl Fleet {
    pub(super) fn run_until(&mut self, by: Time, mut enough: impl FnMut(&Self) -> bool) -> Result<(), String> {
        while !enough(self) {
            let Some((at, what)) = self.queue.next_by(by) else {
                self.now = by;
                break;
            };
            self.now = at;
            self.happens(what)?;
        }
        Ok(())
    }

    fn happens(&mut self, what: What) -> Result<(), String> {
        match what {
            What::Login(n) => self.tell_client(n, client::Input::Do(Action::Login)),
            What::Wake(n) => {
                let Some(peer) = self.peers.get_mut(n).filter(|p| p.wakes_at == Some(self.now)) else { return Ok(()) };
                peer.wakes_at = None;
                self.tell_client(n, client::Input::Tick);
            }
            What::Knock(knock) => self.knock(knock),
            What::AtClient(n, conn, what) => self.at_client(n, conn, what),
            What::AtServer(conn, what) => return self.at_server(conn, what),
            What::Served(conn, what) => return self.served(conn, what),
            What::Tick if self.ticks_at == Some(self.now) => {
                self.ticks_at = None;
                return self.tell_server(server::Input::Tick);
            }
            What::Tick => {}
        }
        Ok(())
    }

    fn knock(&mut self, knock: Knock) {
        let Knock { client, conn, door, tries } = knock;
        if self.peers.get(client).is_none_or(|p| p.dials != Some(conn)) {
            return;
        }
        self.dials += u64::from(tries == 0);
        if !self.up {
            return self.reach_client(client, conn, ToClient::Failed);
        }
        let waiting = self.waiting.entry(door).or_default();
        if *waiting >= self.backlog {
            let again = SYN_AGAIN * 2_u32.saturating_pow(tries);
            self.queue.put(self.now + again, What::Knock(Knock { tries: tries + 1, ..knock }));
            return;
        }
        *waiting += 1;
        let number = self.next_conn;
        self.next_conn += 1;
        *self.accepted.entry(self.now.unix_secs()).or_default() += 1;
        let ready_at = self.processors.done_at(self.now, self.costs.connection);
        self.conns.insert(number, Far { client, conn, ready_at });
        self.queue.put(ready_at, What::Served(number, ToServer::Accepted(door)));
        // The kernel lets it in, however busy the process is.
        self.reach_client(client, conn, ToClient::Connected(number));
    }

    fn at_client(&mut self, n: usize, conn: u64, what: ToClient) {
        if let (ToClient::Connected(number), Some(peer)) = (&what, self.peers.get_mut(n)) {
            if peer.dials.take_if(|dials| *dials == conn).is_none() {
                // It has given up in the meantime: its kernel knows of no such connection.
                let arrives = self.now + peer.lag;
                return self.queue.put(arrives, What::AtServer(*number, ToServer::Closed));
            }
            peer.conn = Some((conn, *number));
        }
        let input = match &what {
            ToClient::Connected(_) => client::Input::Connected { conn },
            ToClient::Failed => client::Input::ConnectFailed { conn },
            ToClient::Bytes(bytes) => client::Input::Bytes { conn, bytes },
            ToClient::Closed => client::Input::Closed { conn },
        };
        self.tell_client(n, input);
    }

    fn tell_client(&mut self, n: usize, input: client::Input<'_>) {
        let Some(peer) = self.peers.get_mut(n) else { return };
        peer.client.handle(input, self.now);
        let mut sent = Vec::new();
        while let Some(output) = peer.client.poll_output() {
            match output {
                client::Output::Event(Event::LoggedIn { .. }) => {
                    self.on += usize::from(!std::mem::replace(&mut peer.on, true));
                }
                client::Output::Event(Event::Disconnected { .. }) => {
                    self.on -= usize::from(std::mem::take(&mut peer.on));
                }
                client::Output::Event(_) => {}
                other => sent.push(other),
            }
        }
        if let Some(at) = peer.client.deadline().filter(|at| peer.wakes_at.is_none_or(|w| *at < w)) {
            let at = at.max(self.now);
            peer.wakes_at = Some(at);
            self.queue.put(at, What::Wake(n));
        }
        for output in sent {
            self.client_wants(n, output);
        }
    }

    fn client_wants(&mut self, n: usize, output: client::Output) {
        let Some(peer) = self.peers.get_mut(n) else { return };
        let arrives = self.now + peer.lag;
        match output {
            client::Output::Connect { conn, door, .. } => {
                peer.dials = Some(conn);
                self.queue.put(arrives, What::Knock(Knock { client: n, conn, door, tries: 0 }));
            }
            client::Output::Transmit { conn, bytes } => {
                if let Some((_, number)) = peer.conn.filter(|(c, _)| *c == conn) {
                    self.queue.put(arrives, What::AtServer(number, ToServer::Bytes(bytes)));
                }
            }
            client::Output::Close { conn } => {
                peer.dials.take_if(|dials| *dials == conn);
                if let Some((_, number)) = peer.conn.take_if(|(c, _)| *c == conn) {
                    self.queue.put(arrives, What::AtServer(number, ToServer::Closed));
                }
            }
            client::Output::Event(_) => {}
        }
    }

    pub(super) fn reach_client(&mut self, n: usize, conn: u64, what: ToClient) {
        if let Some(lag) = self.peers.get(n).map(|p| p.lag) {
            self.queue.put(self.now + lag, What::AtClient(n, conn, what));
        }
    }

    /// It waits for a processor, and for what came before it on its connection.
    fn at_server(&mut self, conn: ConnId, what: ToServer) -> Result<(), String> {
        let Some(far) = self.conns.get_mut(&conn) else { return Ok(()) };
        let takes = match &what {
            ToServer::Bytes(bytes) => {
                self.bytes.0 += bytes.len() as u64;
                self.costs.read
            }
            ToServer::Accepted(_) | ToServer::Key(_) | ToServer::Closed => Duration::ZERO,
        };
        let done = self.processors.done_at(self.now, takes).max(far.ready_at);
        far.ready_at = done;
        if done <= self.now {
            return self.served(conn, what);
        }
        self.queue.put(done, What::Served(conn, what));
        Ok(())
    }

    fn served(&mut self, conn: ConnId, what: ToServer) -> Result<(), String> {
        if !self.conns.contains_key(&conn) {
            return Ok(());
        }
        match what {
            ToServer::Accepted(door) => {
                if let Some(waiting) = self.waiting.get_mut(&door) {
                    *waiting = waiting.saturating_sub(1);
                }
                self.tell_server(server::Input::Accepted { conn, door })
            }
            ToServer::Bytes(bytes) => self.tell_server(server::Input::Bytes { conn, bytes: &bytes }),
            ToServer::Key(key) => self.tell_server(server::Input::Unwrapped { conn, key }),
            ToServer::Closed => {
                self.conns.remove(&conn);
                self.tell_server(server::Input::Closed { conn })
            }
        }
    }

    /// One input, one unit of work.
    fn tell_server(&mut self, input: server::Input<'_>) -> Result<(), String> {
        let mut unit = self.db.begin().map_err(|e| e.to_string())?;
        self.server.handle(input, self.now, &mut unit).map_err(|e| e.to_string())?;
        unit.commit().map_err(|e| e.to_string())?;
        while let Some(output) = self.server.poll_output() {
            self.server_wants(output)?;
        }
        if let Some(at) = self.server.deadline().filter(|at| self.ticks_at.is_none_or(|t| *at < t)) {
            let at = at.max(self.now);
            self.ticks_at = Some(at);
            self.queue.put(at, What::Tick);
        }
        Ok(())
    }

    fn server_wants(&mut self, output: server::Output) -> Result<(), String> {
        match output {
            server::Output::Transmit { conn, bytes } => {
                let sent = bytes.len();
                self.bytes.1 += sent as u64;
                if let Some((client, far)) = self.conns.get(&conn).map(|far| (far.client, far.conn)) {
                    self.reach_client(client, far, ToClient::Bytes(bytes));
                }
                self.tell_server(server::Input::Sent { conn, bytes: sent })
            }
            server::Output::Unwrap { conn, wrapped, .. } => {
                let key = self.known.take(&wrapped).ok_or("a session key that no client has wrapped")?;
                let done = self.processors.done_at(self.now, self.costs.unwrap);
                self.queue.put(done, What::Served(conn, ToServer::Key(key)));
                Ok(())
            }
            server::Output::Close { conn, .. } => {
                if let Some(far) = self.conns.remove(&conn) {
                    self.reach_client(far.client, far.conn, ToClient::Closed);
                }
                Ok(())
            }
        }
    }
}
