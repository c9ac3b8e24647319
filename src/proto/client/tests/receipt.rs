//! Receipts: what the server pushes and wants to be told of.

use super::fake::{ROOM, Rig};
use crate::proto::client::Event;
use crate::proto::command::{CommandId, blsync, hint, syncjoin};
use crate::proto::secure::Era;

#[test]
fn blsync_and_hint_get_a_receipt_and_no_other_push_does() {
    for era in [Era::E2019, Era::E2023, Era::E2025] {
        let mut rig = Rig::logged_on(era, &[(ROOM, 0)]);
        rig.push(CommandId::BlSync, &blsync::Push { revision: 7, plus_revision: 8, ..Default::default() });
        let receipt = rig.expect("BLSYNC");
        let body: blsync::Receipt = receipt.read();
        assert_eq!((receipt.id, body.revision, body.plus_revision), (0, 7, 8), "{era}");
        rig.push(CommandId::Hint, &hint::Push { log_id: 1, chat_id: ROOM, ..Default::default() });
        let receipt = rig.expect("HINT");
        assert_eq!((receipt.id, receipt.body.as_slice()), (0, [5, 0, 0, 0, 0].as_slice()), "{era}");
        rig.push(CommandId::SyncJoin, &syncjoin::Push { chat_id: 1, chat_log: None });
        rig.nothing_asked();
        let told = rig.events().iter().filter(|e| matches!(e, Event::Pushed { .. })).count();
        assert_eq!(told, 3, "{era}: a receipt takes no push from whoever listens");
    }
}
