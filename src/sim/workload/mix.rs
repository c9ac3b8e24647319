//! How often each operation is drawn.

use serde::{Deserialize, Serialize};

use super::step::Do;
use crate::proto::entropy::Entropy;

/// `weights! { write: Do::Write = "what it is" … }`: one field for each operation, 0 where it is not named.
macro_rules! weights {
    ($($(#[$doc:meta])* $field:ident: $what:ident,)*) => {
        /// How often each kind of action is drawn.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Mix {
            $($(#[$doc])* #[serde(skip_serializing_if = "is_zero")] pub $field: u32,)*
        }

        impl Mix {
            /// The weight of each operation, in the order in which they are drawn.
            #[must_use]
            pub const fn weights(&self) -> [(Do, u32); Do::ALL.len()] {
                [$((Do::$what, self.$field),)*]
            }
        }

        impl Do {
            /// The counters of the operation: acknowledged, refused, in doubt.
            #[must_use]
            pub const fn counters(self) -> [&'static str; 3] {
                match self {
                    $(Self::$what => [
                        concat!("done/", stringify!($field), ": acknowledged"),
                        concat!("done/", stringify!($field), ": refused"),
                        concat!("done/", stringify!($field), ": in doubt"),
                    ],)*
                }
            }
        }
    };
}

weights! {
    /// WRITE.
    write: Write,
    /// Mark a message as read.
    read: Read,
    /// Open a room.
    open: Open,
    /// Leave a room for good.
    leave: Leave,
    /// Log out and in again.
    relogin: Relogin,
    /// DELETEMSG.
    delete: Delete,
    /// MODIFYMSG.
    edit: Edit,
    /// ACTION.
    react: React,
    /// GETMSGS.
    fetch: Fetch,
    /// FORWARD.
    forward: Forward,
    /// ADDMEM.
    invite: Invite,
    /// CREATE.
    create: Create,
    /// SETMETA.
    set_meta: SetMeta,
    /// SETMCMETA.
    own_name: OwnName,
    /// UPDATECHAT.
    mute: Mute,
    /// BLADDITEM and BLDELITEM.
    block: Block,
    /// SHIP and POST.
    upload: Upload,
    /// GETTRAILER and DOWN.
    download: Download,
    /// CREATELINK.
    make_link: MakeLink,
    /// CHECKJOIN and JOINLINK.
    join_link: JoinLink,
    /// KICKMEM.
    kick: Kick,
    /// KLDELITEM.
    forgive: Forgive,
    /// SETMEMTYPE.
    hand_over: HandOver,
    /// UPDATELINK.
    pass_code: PassCode,
    /// DELETELINK.
    delete_link: DeleteLink,
    /// CWRITE.
    cwrite: Cwrite,
    /// UPSEEN.
    upseen: Upseen,
    /// CHATON.
    chaton: Chaton,
}

impl Mix {
    /// The sum of all.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.weights().iter().map(|(_, weight)| u64::from(*weight)).sum()
    }

    /// One operation; `None` where none is ever drawn.
    pub fn draw(&self, e: &mut Entropy) -> Option<Do> {
        let mut n = e.below(self.sum());
        for (what, weight) in self.weights() {
            match n.checked_sub(weight.into()) {
                None => return Some(what),
                Some(left) => n = left,
            }
        }
        None
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_weight_and_is_drawn_by_it() {
        let mix = Mix { write: 3, leave: 1, ..Mix::default() };
        assert_eq!(mix.weights().map(|(what, _)| what), Do::ALL);
        let e = &mut Entropy::named(1, "mix");
        let drawn: Vec<_> = (0..400).filter_map(|_| mix.draw(e)).collect();
        let count = |what| drawn.iter().filter(|d| **d == what).count();
        assert_eq!((drawn.len(), count(Do::Write) + count(Do::Leave)), (400, 400));
        assert!((250..350).contains(&count(Do::Write)), "{}", count(Do::Write));
        assert_eq!(Mix::default().draw(e), None);
    }
}
