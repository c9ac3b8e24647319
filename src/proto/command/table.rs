//! THE TABLE: every command of the reference, at which door, in which eras, before or after login.
//!
//! What is not in the table is answered with -202 and ignored as a push. The table is a snapshot.

use super::*;
use crate::proto::secure::Era;
use crate::proto::wire::Method;

/// Which server a connection was made to. One port can speak for all of them, but a command belongs to one door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Plain packets inside TLS: GETCONF.
    Booking,
    /// Secure: CHECKIN.
    Ticket,
    /// Plain, 2012: BUY and CHECKIN.
    Entry,
    /// Secure: everything else.
    Carriage,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Booking, Self::Ticket, Self::Entry, Self::Carriage];

    /// Its name in YAML, logs and `endpoints.json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booking => "booking",
            Self::Ticket => "ticket",
            Self::Entry => "entry",
            Self::Carriage => "carriage",
        }
    }

    /// The door called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == name)
    }

    /// Whether its packets travel in secure frames.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Ticket | Self::Carriage)
    }
}

/// When a request may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Without a login, on a connection of its own.
    Alone,
    /// It is the login.
    Login,
    /// After the login.
    LoggedOn,
    /// Only the server sends it.
    Push,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Which.
    pub id: CommandId,
    /// Its name on the wire.
    pub method: Method,
    /// The doors that it may come through.
    pub doors: &'static [Door],
    /// The eras that have it.
    pub eras: &'static [Era],
    /// When it may come.
    pub when: When,
    /// The fields of the request.
    pub request: &'static [FieldInfo],
    /// The fields of the reply.
    pub reply: &'static [FieldInfo],
    /// The fields of the push.
    pub push: &'static [FieldInfo],
}

const ALL: &[Era] = &[Era::E2012, Era::E2019, Era::E2023, Era::E2025];
const OLD: &[Era] = &[Era::E2012];
const MODERN: &[Era] = &[Era::E2019, Era::E2023, Era::E2025];
const NONE: &[FieldInfo] = &[];

macro_rules! fields {
    (-) => {
        NONE
    };
    ($ty:ty) => {
        <$ty as Body<'static>>::FIELDS
    };
}

macro_rules! table {
    ($($id:ident $name:literal $eras:ident $when:ident [$($door:ident)*] ($($request:tt)*) ($($reply:tt)*) ($($push:tt)*);)*) => {
        /// The commands by name, for dispatch.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum CommandId { $(#[doc = $name] $id,)* }

        impl CommandId {
            /// Its row.
            #[must_use]
            pub const fn row(self) -> &'static Command {
                &COMMANDS[self as usize]
            }

            /// Its name on the wire.
            #[must_use]
            pub const fn method(self) -> Method {
                self.row().method
            }
        }

        /// All rows, in the order of the ids.
        pub const COMMANDS: &[Command] = &[$(Command {
            id: CommandId::$id,
            method: Method::constant($name),
            doors: &[$(Door::$door),*],
            eras: $eras,
            when: When::$when,
            request: fields!($($request)*),
            reply: fields!($($reply)*),
            push: fields!($($push)*),
        },)*];
    };
}

table! {
    GetConf    "GETCONF"    MODERN Alone    [Booking]      (getconf::Request)       (getconf::Reply)       (-);
    //= CHECKIN-PLAIN-1
    CheckIn    "CHECKIN"    ALL    Alone    [Ticket Entry] (checkin::Request)       (checkin::Reply)       (-);
    Buy        "BUY"        OLD    Alone    [Entry]        (buy::Request)           (buy::Reply)           (-);
    Login      "LOGIN"      OLD    Login    [Carriage]     (login::Request)         (login::Reply)         (-);
    LoginList  "LOGINLIST"  MODERN Login    [Carriage]     (loginlist::Request)     (loginlist::Reply)     (-);
    LChatList  "LCHATLIST"  MODERN LoggedOn [Carriage]     (lchatlist::Request)     (lchatlist::Reply)     (-);
    NChatList  "NCHATLIST"  OLD    LoggedOn [Carriage]     (nchatlist::Request)     (nchatlist::Reply)     (-);
    CWrite     "CWRITE"     OLD    LoggedOn [Carriage]     (cwrite::Request)        (cwrite::Reply)        (-);
    Write      "WRITE"      ALL    LoggedOn [Carriage]     (write::Request)         (write::Reply)         (-);
    Read       "READ"       OLD    LoggedOn [Carriage]     (read::Request)          (read::Reply)          (-);
    SyncMsg    "SYNCMSG"    MODERN LoggedOn [Carriage]     (syncmsg::Request)       (syncmsg::Reply)       (-);
    ChatOnRoom "CHATONROOM" MODERN LoggedOn [Carriage]     (chatonroom::Request)    (chatonroom::Reply)    (-);
    ChatInfo   "CHATINFO"   MODERN LoggedOn [Carriage]     (chatinfo::Request)      (chatinfo::Reply)      (-);
    NotiRead   "NOTIREAD"   MODERN LoggedOn [Carriage]     (notiread::Request)      (notiread::Reply)      (-);
    SyncLink   "SYNCLINK"   MODERN LoggedOn [Carriage]     (synclink::Request)      (synclink::Reply)      (-);
    SetSt      "SETST"      MODERN LoggedOn [Carriage]     (setst::Request)         (setst::Reply)         (-);
    Ping       "PING"       ALL    LoggedOn [Carriage]     (ping::Request)          (ping::Reply)          (-);
    Leave      "LEAVE"      ALL    LoggedOn [Carriage]     (leave::Request)         (leave::Reply)         (-);
    Msg        "MSG"        ALL    Push     [Carriage]     (-)                      (-)                    (msg::Push);
    DecUnread  "DECUNREAD"  MODERN Push     [Carriage]     (-)                      (-)                    (decunread::Push);
    KickOut    "KICKOUT"    MODERN Push     [Carriage]     (-)                      (-)                    (kickout::Push);
    ChangeSvr  "CHANGESVR"  MODERN Push     [Carriage]     (-)                      (-)                    (changesvr::Push);
}

impl Command {
    /// The row of `method`, if there is one.
    #[must_use]
    pub fn find(method: &Method) -> Option<&'static Self> {
        COMMANDS.iter().find(|c| c.method == *method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_under_its_own_name_and_id() {
        for (i, row) in COMMANDS.iter().enumerate() {
            assert_eq!(row.id as usize, i);
            assert_eq!(Command::find(&row.method).map(|c| c.id), Some(row.id));
            assert_eq!(
                row.when == When::Push,
                row.request.is_empty() && row.reply.is_empty() || row.id == CommandId::ChangeSvr
            );
        }
        assert!(Command::find(&Method::constant("SHIP")).is_none());
    }
}
