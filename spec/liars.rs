//! Peers that a judge must not believe: a server that answers everything with success, a client that says that
//! everything went well and connects to nobody, a server that is not there.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bson::{Document, doc};
use libtest_mimic::{Failed, Trial};
use locospec::proto::command::Door;
use locospec::proto::secure::{KeyRing, PublicRing};
use locospec::proto::time::Time;
use locospec::spec::corpus::Corpus;
use locospec::spec::format::Role;
use locospec::spec::format::driving::EventKind;
use locospec::spec::format::step::Finish;
use locospec::spec::run::bytes::Plain;
use locospec::spec::run::peer::Peer;
use locospec::spec::run::target::{Conn, Happening, Order, Target, TargetError};
use locospec::spec::run::{Options, run_case};
use locospec::spec::verdict::{CaseReport, Summary, Verdict};

/// What a liar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Answers every request with status 0 and whatever else a reply may want.
    YesServer,
    /// Says that it is logged in, has sent, has read; it never connects.
    YesClient,
    /// Cannot be reached.
    NoServer,
}

struct Liar {
    kind: Kind,
    keys: KeyRing,
    public: PublicRing,
    now: Time,
    peers: BTreeMap<Conn, Peer>,
    queue: VecDeque<Happening>,
}

impl Liar {
    fn new(kind: Kind) -> Self {
        let keys = KeyRing::test();
        let (public, now) = (keys.public_ring(), Time::from_secs(1_700_000_000));
        Self { kind, public, keys, now, peers: BTreeMap::new(), queue: VecDeque::new() }
    }

    fn say(&mut self, kind: EventKind, with: Document) {
        self.queue.push_back(Happening::Said(kind, with));
    }
}

impl Target for Liar {
    fn has(&self, _profile: &str) -> bool {
        true
    }

    fn now(&self) -> Time {
        self.now
    }

    fn poll(&mut self, until: Time) -> Option<Happening> {
        let next = self.queue.pop_front();
        if next.is_none() {
            self.now = self.now.max(until);
        }
        next
    }

    fn connect(&mut self, door: Door) -> Result<Conn, TargetError> {
        if self.kind == Kind::NoServer {
            return Err(TargetError::Unreachable("nobody listens".into()));
        }
        let conn = u64::try_from(self.peers.len()).unwrap_or(u64::MAX);
        let peer = if door.is_secure() { Peer::accepted(conn) } else { Peer::plain(conn) };
        self.peers.insert(conn, peer);
        Ok(conn)
    }

    fn write(&mut self, conn: Conn, bytes: &[u8]) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        for n in peer.receive(bytes, Some(&self.keys)) {
            let Some(header) = peer.got.get(n).map(|g| g.header) else { continue };
            let yes =
                doc! {"status": 0, "userId": 1001_i64, "logId": 1_i64, "chatId": 7000_i64, "isOK": true, "eof": true};
            let body = yes.to_vec().unwrap_or_default();
            let reply = Plain { id: header.id, status: 0, method: header.method.to_string(), body_type: 0, body };
            let bytes = peer.seal(&reply.encode());
            self.queue.push_back(Happening::Bytes(conn, bytes));
        }
    }

    fn finish(&mut self, conn: Conn, how: Finish) {
        if how == Finish::Write {
            self.queue.push_back(Happening::Closed(conn));
        }
    }

    fn order(&mut self, order: &Order) -> Result<(), TargetError> {
        match order {
            Order::Login { .. } => self.say(EventKind::LoggedIn, doc! {"user_id": 1001_i64, "rooms": []}),
            Order::SendText { ticket, room, .. } => {
                self.say(EventKind::Sent, doc! {"as": ticket, "room": *room, "log_id": 10_i64});
            }
            Order::Read { room, watermark } => {
                self.say(EventKind::ReadMark, doc! {"room": *room, "user": 1001_i64, "watermark": *watermark});
            }
            Order::Leave { .. } => (),
            Order::Close => self.say(EventKind::Disconnected, doc! {"door": "carriage"}),
        }
        Ok(())
    }

    fn public(&self) -> &PublicRing {
        &self.public
    }
}

fn reports(corpus: &Corpus, kind: Kind, role: Role) -> Vec<CaseReport> {
    let options = Options { stop_at_failure: true, ..Options::default() };
    let of_role = corpus.cases.iter().filter(|c| c.value.role == role);
    of_role.map(|c| run_case(corpus, c, &mut |_| Ok(Box::new(Liar::new(kind))), &options)).collect()
}

/// The tests of this file: each liar against every case of its role. `selftest/believed.txt` names the cases that demand
/// nothing but what the server of the first does.
pub fn trials(corpus: &Arc<Corpus>, root: &Path) -> Vec<Trial> {
    let believed = root.join("selftest/believed.txt");
    let trial = |name: &str, kind, role, believed: Option<PathBuf>| {
        let corpus = Arc::clone(corpus);
        Trial::test(format!("selftest/liars/{name}"), move || {
            let text = believed.map_or_else(|| Ok(String::new()), std::fs::read_to_string)?;
            let names: Vec<&str> = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
            check(&corpus, kind, role, &names)
        })
    };
    vec![
        trial("a-server-that-answers-everything", Kind::YesServer, Role::Server, Some(believed)),
        trial("a-client-that-connects-to-nobody", Kind::YesClient, Role::Client, None),
        trial("a-server-that-is-not-there", Kind::NoServer, Role::Server, None),
    ]
}

/// No case but those of `believed` is content with a liar.
fn check(corpus: &Corpus, kind: Kind, role: Role, believed: &[&str]) -> Result<(), Failed> {
    let (mut summary, mut content) = (Summary::default(), Vec::new());
    let all = reports(corpus, kind, role);
    for report in &all {
        summary.add(report);
        if report.verdict() <= Verdict::Tolerated {
            content.push(report.case.as_str());
        }
    }
    if content != believed || all.len() < 100 || summary.exit_code() == 0 {
        return Err(format!("{} cases, content with it:\n{}\n{summary}", all.len(), content.join("\n")).into());
    }
    let passed = summary.count(Verdict::Pass);
    if kind == Kind::NoServer && passed > 0 {
        return Err(format!("{passed} checks pass without a server").into());
    }
    Ok(())
}
