//! Receipts: the pushes that the server wants to be told of (loco-modern §1.4).

use super::event::Output;
use super::{Client, Quirk};
use crate::proto::command::{Body, CommandId, blsync, hint};
use crate::proto::error::Malformed;
use crate::proto::wire::{Packet, encode_packet};

impl Client {
    /// Answers BLSYNC with its revisions and HINT with nothing; every other push wants no receipt.
    //= CLIENT-RECEIPT-1
    pub(super) fn acknowledge(&mut self, id: CommandId, packet: &Packet<'_>) -> Result<(), Malformed> {
        match id {
            CommandId::BlSync => {
                let push: blsync::Push = self.read(packet)?;
                let (revision, plus_revision) = (push.revision, push.plus_revision);
                // Only now: a login that says so and breaks off has brought no list.
                self.account.lbk = revision.max(plus_revision);
                self.receipt(packet, &blsync::Receipt { revision, plus_revision });
            }
            CommandId::Hint => self.receipt(packet, &hint::Receipt {}),
            _ if self.has(Quirk::AnswersEveryPush) => self.receipt(packet, &hint::Receipt {}),
            _ => (),
        }
        Ok(())
    }

    fn receipt<'b>(&mut self, push: &Packet<'_>, body: &impl Body<'b>) {
        let Some(link) = &mut self.link else { return };
        let (mut plain, mut out) = (Vec::new(), Vec::new());
        encode_packet(&mut plain, push.header.id, push.header.method, |w| body.encode(w));
        link.seal(&mut plain, &mut out);
        self.tally.sent += 1;
        self.outputs.push_back(Output::Transmit { conn: link.conn, bytes: out });
    }
}
