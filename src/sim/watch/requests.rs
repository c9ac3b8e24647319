//! Requests on their way: no two of one connection have the same id at the same time.

use super::{Asked, View, Watch};
use crate::proto::server::ConnId;
use crate::sim::invariants::Invariant;
use crate::sim::tap::Seen;

/// A frame of it may be doubled on the way.
const HEARTBEAT: &str = "PING";

impl View {
    /// The method of a request with this id that is not answered.
    fn in_flight(&self, id: u32) -> Option<&str> {
        let of_id = self.asked.range((id, String::new())..).take_while(|((other, _), _)| *other == id);
        let mut open = of_id.filter(|((_, method), all)| method != HEARTBEAT && !all.is_empty());
        open.next().map(|((_, method), _)| method.as_str())
    }
}

impl Watch {
    /// A request has come; `asked` is what it is about.
    pub(super) fn note_request(&mut self, conn: ConnId, asked: Asked, p: &Seen) {
        let Some(view) = self.conns.get_mut(&conn) else { return };
        // The id of pushes is that of their receipts, too.
        if p.id != 0
            && p.method != HEARTBEAT
            && let Some(open) = view.in_flight(p.id)
        {
            let what = format!("c{conn} asks {} with id {}, which is that of its {open} in flight", p.method, p.id);
            self.court.report(Invariant::Matched, what);
        }
        view.asked.entry((p.id, p.method.clone())).or_default().push(asked);
    }
}
