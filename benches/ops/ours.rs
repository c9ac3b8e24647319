//! Our code: the way that a packet takes through a connection of the server, without socket and machine.

use std::hint::black_box;

pub use locospec::proto::secure::Era;

use super::bodies::{ASCII, ROOMS, WRITE, loginlist_body, loginlist_reply, write_request};
use locospec::proto::command::field::Body;
use locospec::proto::command::{loginlist, write};
use locospec::proto::entropy::Entropy;
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Opener, Sealer, SessionKey};
use locospec::proto::wire::scan::scan;
use locospec::proto::wire::{Deframer, Document, Method, Writer, encode_packet};

const KEY: SessionKey = SessionKey::from_bytes(*b"benchbenchbench!");

/// Both ends of one direction of a connection.
struct Wire {
    sealer: Sealer,
    opener: Opener,
    deframer: Deframer,
    sealed: Vec<u8>,
}

impl Wire {
    fn new(era: Era) -> Self {
        Self {
            sealer: Sealer::new(era, &KEY, Entropy::named(1, "bench")),
            opener: Opener::new(era, &KEY, Limits::DEFAULT),
            deframer: Deframer::new(Limits::DEFAULT),
            sealed: Vec::new(),
        }
    }

    /// Seals `packet`, opens it, and gives the body to `read`.
    fn carry(&mut self, packet: &[u8], read: impl FnOnce(Document<'_>)) {
        self.sealed.clear();
        self.sealer.seal(packet, &mut self.sealed);
        assert!(self.opener.push(black_box(&self.sealed), self.deframer.buffer_mut()).is_ok());
        let Ok(Some(packet)) = self.deframer.next_packet() else { panic!("no packet came through") };
        let Ok(body) = packet.document(&Limits::DEFAULT) else { panic!("no document came through") };
        read(body);
    }
}

fn check_write(body: Document<'_>, text: &str) {
    let mut unknown = 0;
    let q = black_box(write::Request::decode(body, &mut unknown));
    assert!(q.is_ok_and(|q| q.msg.is_some_and(|m| m.len() == text.len())) && unknown == 0);
}

pub fn roundtrip(era: Era, text: &'static str) -> Box<dyn FnMut()> {
    let (mut wire, mut packet, mut id) = (Wire::new(era), Vec::new(), 0);
    Box::new(move || {
        id += 1;
        packet.clear();
        encode_packet(&mut packet, id, WRITE, |w| black_box(write_request(text)).encode(w));
        wire.carry(&packet, |body| check_write(body, text));
    })
}

pub fn encode() -> Box<dyn FnMut()> {
    let mut packet = Vec::new();
    Box::new(move || {
        packet.clear();
        encode_packet(&mut packet, 1, WRITE, |w| black_box(write_request(ASCII)).encode(w));
        assert_eq!(black_box(&packet).len(), 129);
    })
}

pub fn decode() -> Box<dyn FnMut()> {
    let (mut packet, mut deframer) = (Vec::new(), Deframer::new(Limits::DEFAULT));
    encode_packet(&mut packet, 1, WRITE, |w| write_request(ASCII).encode(w));
    Box::new(move || {
        assert!(deframer.push(black_box(&packet)).is_ok());
        let Ok(Some(packet)) = deframer.next_packet() else { panic!("no packet came through") };
        let Ok(body) = packet.document(&Limits::DEFAULT) else { panic!("no document came through") };
        check_write(body, ASCII);
    })
}

pub fn seal_open() -> Box<dyn FnMut()> {
    let (mut wire, mut plain, packet) = (Wire::new(Era::E2019), Vec::new(), [7; 129]);
    Box::new(move || {
        wire.sealed.clear();
        plain.clear();
        wire.sealer.seal(black_box(&packet), &mut wire.sealed);
        assert!(wire.opener.push(black_box(&wire.sealed), &mut plain).is_ok());
        assert_eq!(black_box(&plain).len(), packet.len());
    })
}

fn check_loginlist(body: Document<'_>) {
    let mut unknown = 0;
    let reply = black_box(loginlist::Reply::decode(body, &mut unknown));
    assert!(reply.is_ok_and(|r| r.chat_datas.len() == ROOMS) && unknown == 0);
}

pub fn loginlist_decode() -> Box<dyn FnMut()> {
    let bytes = loginlist_body();
    Box::new(move || {
        let Ok(body) = Document::check(black_box(&bytes), &Limits::DEFAULT) else { panic!("not a document") };
        check_loginlist(body);
    })
}

pub fn loginlist_scan() -> Box<dyn FnMut()> {
    let bytes = loginlist_body();
    Box::new(move || assert!(black_box(scan(black_box(&bytes), &Limits::DEFAULT)).is_ok()))
}

pub fn loginlist_encode() -> Box<dyn FnMut()> {
    let (reply, mut out, len) = (loginlist_reply(), Vec::new(), loginlist_body().len());
    Box::new(move || {
        out.clear();
        let mut w = Writer::begin(&mut out);
        black_box(&reply).encode(&mut w);
        w.end();
        assert_eq!(black_box(&out).len(), len);
    })
}

pub fn loginlist_roundtrip(era: Era) -> Box<dyn FnMut()> {
    const METHOD: Method = Method::constant("LOGINLIST");
    let (reply, mut wire, mut packet) = (loginlist_reply(), Wire::new(era), Vec::new());
    Box::new(move || {
        packet.clear();
        encode_packet(&mut packet, 1, METHOD, |w| black_box(&reply).encode(w));
        wire.carry(&packet, check_loginlist);
    })
}
