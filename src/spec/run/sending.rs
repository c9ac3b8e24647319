//! The verbs `send`, `send_bytes`, `finish`, and opening a connection at its first step.

use bson::Bson;

use super::bytes::{Plain, Unit, cut, spoil};
use super::interpret::{Run, Stop, harness};
use super::peer::{Asked, Peer};
use crate::proto::wire::Header;
use crate::spec::format::mutate::unhex;
use crate::spec::format::step::{Finish, Join, Layer, Send, SendBytes};
use crate::spec::format::{Connection, Role, Step};
use crate::spec::lit::Lit;
use crate::spec::value::{ValueError, Vars, document, nested, number, text, to_bson};
use crate::spec::verdict::Verdict;

/// How deep a case may nest a body.
const NESTED_MAX: i64 = 2_000_000;

impl Run<'_> {
    pub(super) fn send(&mut self, conn: &str, s: &Send) -> Result<(), Stop> {
        self.open(conn)?;
        let packet = self.packet(conn, s).map_err(|e| harness(&e))?;
        let mut bytes = packet.encode();
        spoil(Unit::Packet, &mut bytes, &s.mutate, &self.vars).map_err(|e| harness(&e))?;
        self.note(&format!("{conn} -> {} #{} ({} bytes)", packet.method, packet.id, bytes.len()));
        let Some(peer) = self.peers.get_mut(conn) else { return Ok(()) };
        if self.case.role == Role::Server && s.reply_to.is_none() {
            if let Some(name) = &s.name {
                self.sent.insert(name.clone(), (conn.to_string(), peer.asked.len()));
            }
            peer.asked.push(Asked { id: packet.id, method: packet.method, answered: false });
        }
        let mut plain = std::mem::take(&mut peer.held_plain);
        plain.extend_from_slice(&bytes);
        if s.join == Some(Join::Frame) {
            peer.held_plain = plain;
            self.record.bytes(&bytes, &[]);
            return Ok(());
        }
        let mut wire = Vec::new();
        for piece in cut(&plain, &s.frames, None, &self.vars).map_err(|e| harness(&e))? {
            wire.extend(peer.seal(&piece));
        }
        spoil(Unit::Frame, &mut wire, &s.mutate, &self.vars).map_err(|e| harness(&e))?;
        let mut all = std::mem::take(&mut peer.held_wire);
        all.extend_from_slice(&wire);
        if s.join == Some(Join::Write) {
            peer.held_wire = all;
            self.record.bytes(&bytes, &wire);
            return Ok(());
        }
        self.record.bytes(&bytes, &all);
        let pieces = cut(&all, &s.cut, s.cut_every.as_ref(), &self.vars).map_err(|e| harness(&e))?;
        self.write(conn, &pieces);
        Ok(())
    }

    fn write(&mut self, conn: &str, pieces: &[Vec<u8>]) {
        self.calm = None;
        let Some(peer) = self.peers.get(conn) else { return };
        let id = peer.conn;
        for piece in pieces {
            self.target.write(id, piece);
        }
    }

    fn packet(&mut self, conn: &str, s: &Send) -> Result<Plain, ValueError> {
        let wrong = |what: String| ValueError { path: "send".into(), what };
        let (mut id, mut method) = (0, String::new());
        if let Some(name) = &s.reply_to {
            let (c, n) = self.received.get(name).ok_or_else(|| wrong(format!("no packet is called `{name}`")))?;
            let got = self.peers.get(c).and_then(|p| p.got.get(*n));
            let header = got.map(|g| g.header).ok_or_else(|| wrong(format!("`{name}` is gone")))?;
            (id, method) = (header.id, header.method.to_string());
        } else if self.case.role == Role::Server
            && let Some(peer) = self.peers.get_mut(conn)
        {
            id = peer.next_id;
            peer.next_id = peer.next_id.wrapping_add(1);
        }
        if let Some(lit) = &s.id {
            let n = number(lit, &self.vars, "send.id")?;
            id = u32::try_from(n).map_err(|_| wrong(format!("{n} is no packet id")))?;
        }
        if let Some(m) = &s.method {
            method = text(m, &self.vars, "send.method")?;
        }
        Ok(Plain { id, status: s.status, method, body_type: s.body_type, body: self.body(s)? })
    }

    fn body(&self, s: &Send) -> Result<Vec<u8>, ValueError> {
        let wrong = |what: String| ValueError { path: "send.body".into(), what };
        if let Some(hex) = &s.body_hex {
            return unhex(&text(hex, &self.vars, "send.body_hex")?).map_err(wrong);
        }
        if let Some(depth) = &s.body_nested {
            let n = number(depth, &self.vars, "send.body_nested")?;
            let depth = usize::try_from(n.min(NESTED_MAX)).map_err(|_| wrong("nested below 0".into()))?;
            return Ok(nested(depth));
        }
        let Some(lit) = &s.body else { return Ok(vec![5, 0, 0, 0, 0]) };
        let doc = document(lit, &self.vars)?;
        let mut out = Vec::new();
        doc.to_writer(&mut out).map_err(|e| wrong(e.to_string()))?;
        Ok(out)
    }

    pub(super) fn send_bytes(&mut self, conn: &str, s: &SendBytes) -> Result<(), Stop> {
        self.open(conn)?;
        let filled = text(&s.hex, &self.vars, "send_bytes.hex").map_err(|e| harness(&e))?;
        let bytes = unhex(&filled).map_err(|what| harness(&ValueError { path: "send_bytes.hex".into(), what }))?;
        self.note(&format!("{conn} -> {} bytes, {} times", bytes.len(), s.times));
        for _ in 0..s.times.min(1 << 20) {
            let Some(peer) = self.peers.get_mut(conn) else { return Ok(()) };
            let mut wire = std::mem::take(&mut peer.held_wire);
            let mut plain = std::mem::take(&mut peer.held_plain);
            plain.extend_from_slice(&bytes);
            wire.extend(if s.at == Layer::Secure { peer.seal(&plain) } else { plain });
            self.record.bytes(&bytes, &wire);
            self.write(conn, &[wire]);
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, conn: &str, how: Finish) -> Result<(), Stop> {
        self.open(conn)?;
        self.calm = None;
        self.note(&format!("{conn} -> finish: {how}"));
        if let Some(peer) = self.peers.get_mut(conn) {
            let id = peer.conn;
            peer.closed |= how != Finish::Write;
            peer.logged_on = false;
            self.target.finish(id, how);
        }
        Ok(())
    }

    /// Opens a connection of the judge, or waits until the client under test has.
    pub(super) fn open(&mut self, conn: &str) -> Result<(), Stop> {
        if self.peers.contains_key(conn) {
            return Ok(());
        }
        if self.case.role == Role::Client {
            let until = self.until(None);
            while !self.peers.contains_key(conn) && self.pump(until) {}
            let came = self.peers.contains_key(conn);
            return if came { Ok(()) } else { Err((Verdict::Hung, vec![format!("nobody connected to `{conn}`")])) };
        }
        let def = self.case.connections.get(conn).cloned().unwrap_or_default();
        self.open_as(conn, &def)
    }

    /// Opens a connection of the judge under this name. The handshake waits for the first write unless it goes alone.
    pub(super) fn open_as(&mut self, name: &str, def: &Connection) -> Result<(), Stop> {
        let door = def.door.of_core();
        self.calm = None;
        let id = self.target.connect(door)?;
        self.note(&format!("{name} -> connected to {}", door.as_str()));
        if !def.secure.unwrap_or_else(|| door.is_secure()) {
            self.enter(name, Peer::plain(id));
            return Ok(());
        }
        let h = &def.handshake;
        let (mut peer, bytes) =
            Peer::secure(id, name, self.era, self.target.public(), &h.mutate, &self.vars).map_err(|e| harness(&e))?;
        if h.alone || !h.cut.is_empty() {
            let pieces = cut(&bytes, &h.cut, None, &self.vars).map_err(|e| harness(&e))?;
            self.enter(name, peer);
            self.write(name, &pieces);
        } else {
            peer.held_wire = bytes;
            self.enter(name, peer);
        }
        Ok(())
    }

    /// What any server answers: the macro `by-itself`, unless a step of the case speaks of the method.
    fn usual_answer(&self, method: &str) -> Option<Lit> {
        if self.scripted.iter().any(|m| m == method) {
            return None;
        }
        let all = Step { use_macro: Some("by-itself".into()), ..Step::default() };
        let steps = self.corpus.expand_one(self.located, &all).ok()?;
        steps.into_iter().filter_map(|s| s.send).find(|s| s.method.as_deref() == Some(method))?.body
    }

    /// Client role: what the judge answers by itself.
    pub(super) fn answer_by_itself(&mut self, name: &str, n: usize) {
        let Some(got) = self.peers.get(name).and_then(|p| p.got.get(n)) else { return };
        let (header, asked) = (got.header, got.body.clone().unwrap_or_default());
        let method = header.method.as_str();
        // A door that no step waits at is on the client's way to one: it opens.
        let door = name.starts_with('+') && matches!(method, "GETCONF" | "CHECKIN" | "BUY");
        let opens = || self.way_in().ok().filter(|_| door).and_then(|all| all.get(method).cloned());
        let of_case = self.case.auto.get(method).cloned();
        let Some(lit) = of_case.or_else(opens).or_else(|| self.usual_answer(method)) else { return };
        let mut vars = self.vars.clone();
        let ids = asked.iter().filter(|(_, v)| matches!(v, Bson::Int32(_) | Bson::Int64(_)));
        ids.for_each(|(k, v)| vars.set(format!("asked.{k}"), v.clone()));
        let conn = self.peers.get(name).map(|p| p.conn);
        self.usual.extend(conn.map(|conn| (conn, n)));
        self.answer(name, header, &lit, &vars);
    }

    /// Client role: answers a request with this body and nothing else.
    pub(super) fn answer(&mut self, name: &str, header: Header, lit: &Lit, vars: &Vars) {
        let Ok(Bson::Document(doc)) = to_bson(lit, vars, "auto") else { return };
        let mut body = Vec::new();
        if doc.to_writer(&mut body).is_err() {
            return;
        }
        let plain = Plain { id: header.id, status: 0, method: header.method.to_string(), body_type: 0, body };
        let Some(peer) = self.peers.get_mut(name) else { return };
        let wire = peer.seal(&plain.encode());
        self.note(&format!("{name} -> {} #{} by itself", header.method, header.id));
        self.record.bytes(&plain.encode(), &wire);
        self.write(name, &[wire]);
    }
}
