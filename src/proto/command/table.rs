//! THE TABLE: every command of the reference, at which door, in which eras, before or after login.
//!
//! What is not in the table is answered with -202 and ignored as a push. The table is a snapshot.

use super::*;
use crate::proto::error::Malformed;
use crate::proto::secure::Era;
use crate::proto::wire::{Document, Method};

/// Which server a connection was made to. One port can speak for all of them, but a command belongs to one door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Plain packets inside TLS: GETCONF.
    Booking,
    /// Secure: CHECKIN.
    Ticket,
    /// Plain, 2012: BUY and CHECKIN.
    Entry,
    /// Secure: everything else. The bytes of media come to the same port, on connections of their own.
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

/// Reads a document as one body and writes it again, which leaves the fields that the table has, in its order and
/// widths; the fields that nobody knows are counted.
///
/// # Errors
/// As [`Body::decode`].
pub type Recode = fn(Document<'_>, &mut u32, &mut Vec<u8>) -> Result<(), Malformed>;

/// One body of a command.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Its fields.
    pub fields: &'static [FieldInfo],
    /// Reads and writes it.
    pub recode: Recode,
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
    /// The request; `None` where only the server begins.
    pub request: Option<Form>,
    /// The reply to it.
    pub reply: Option<Form>,
    /// The push.
    pub push: Option<Form>,
}

const ALL: &[Era] = &[Era::E2012, Era::E2019, Era::E2023, Era::E2025];
const OLD: &[Era] = &[Era::E2012];
const MODERN: &[Era] = &[Era::E2019, Era::E2023, Era::E2025];

macro_rules! form {
    (-) => {
        None
    };
    ($ty:ty) => {
        Some(Form {
            fields: <$ty as Body<'static>>::FIELDS,
            recode: |doc, unknown, out| {
                let body = <$ty as Body<'_>>::decode(doc, unknown)?;
                super::field::encode(&body, out);
                Ok(())
            },
        })
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
            request: form!($($request)*),
            reply: form!($($reply)*),
            push: form!($($push)*),
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
    BuyCs      "BUYCS"      MODERN Alone    [Ticket]          (buycs::Request)        (buycs::Reply)          (-);
    GetToken   "GETTOKEN"   MODERN LoggedOn [Carriage]        (gettoken::Request)     (gettoken::Reply)       (-);
    Hint       "HINT"       MODERN Push     [Carriage]        (-)                     (-)                     (hint::Push);
    Action     "ACTION"     MODERN LoggedOn [Carriage]        (action::Request)       (action::Reply)         (-);
    ChgLogMeta "CHGLOGMETA" MODERN Push     [Carriage]        (-)                     (-)                     (chglogmeta::Push);
    DeleteMsg  "DELETEMSG"  MODERN LoggedOn [Carriage]        (deletemsg::Request)    (deletemsg::Reply)      (-);
    Feed       "FEED"       MODERN Push     [Carriage]        (-)                     (-)                     (feed::Push);
    Forward    "FORWARD"    MODERN LoggedOn [Carriage]        (forward::Request)      (forward::Reply)        (-);
    GetMsgs    "GETMSGS"    MODERN LoggedOn [Carriage]        (getmsgs::Request)      (getmsgs::Reply)        (-);
    MChatLogs  "MCHATLOGS"  MODERN LoggedOn [Carriage]        (mchatlogs::Request)    (mchatlogs::Reply)      (-);
    ModifyMsg  "MODIFYMSG"  MODERN LoggedOn [Carriage]        (modifymsg::Request)    (modifymsg::Reply)      (-);
    Rewrite    "REWRITE"    MODERN LoggedOn [Carriage]        (rewrite::Request)      (rewrite::Reply)        (-);
    Rewrites   "REWRITES"   MODERN LoggedOn [Carriage]        (rewrites::Request)     (rewrites::Reply)       (-);
    SyncAction "SYNCACTION" MODERN Push     [Carriage]        (-)                     (-)                     (syncaction::Push);
    SyncDlMsg  "SYNCDLMSG"  MODERN Push     [Carriage]        (-)                     (-)                     (syncdlmsg::Push);
    SyncModMsg "SYNCMODMSG" MODERN Push     [Carriage]        (-)                     (-)                     (syncmodmsg::Push);
    SyncRewr   "SYNCREWR"   MODERN Push     [Carriage]        (-)                     (-)                     (syncrewr::Push);
    UpSeen     "UPSEEN"     OLD    LoggedOn [Carriage]        (upseen::Request)       (upseen::Reply)         (-);
    AddMem     "ADDMEM"     MODERN LoggedOn [Carriage]        (addmem::Request)       (addmem::Reply)         (-);
    ChatOn     "CHATON"     OLD    LoggedOn [Carriage]        (chaton::Request)       (chaton::Reply)         (-);
    ChgChatSt  "CHGCHATST"  MODERN Push     [Carriage]        (-)                     (-)                     (chgchatst::Push);
    ChgMcMeta  "CHGMCMETA"  MODERN Push     [Carriage]        (-)                     (-)                     (chgmcmeta::Push);
    ChgMeta    "CHGMETA"    MODERN Push     [Carriage]        (-)                     (-)                     (chgmeta::Push);
    Create     "CREATE"     MODERN LoggedOn [Carriage]        (create::Request)       (create::Reply)         (-);
    DelMem     "DELMEM"     MODERN Push     [Carriage]        (-)                     (-)                     (delmem::Push);
    GetMcMeta  "GETMCMETA"  MODERN LoggedOn [Carriage]        (getmcmeta::Request)    (getmcmeta::Reply)      (-);
    GetMem     "GETMEM"     MODERN LoggedOn [Carriage]        (getmem::Request)       (getmem::Reply)         (-);
    GetMeta    "GETMETA"    MODERN LoggedOn [Carriage]        (getmeta::Request)      (getmeta::Reply)        (-);
    GetMetas   "GETMETAS"   MODERN LoggedOn [Carriage]        (getmetas::Request)     (getmetas::Reply)       (-);
    GetMoMeta  "GETMOMETA"  MODERN LoggedOn [Carriage]        (getmometa::Request)    (getmometa::Reply)      (-);
    Left       "LEFT"       MODERN Push     [Carriage]        (-)                     (-)                     (left::Push);
    Member     "MEMBER"     MODERN LoggedOn [Carriage]        (member::Request)       (member::Reply)         (-);
    MemList    "MEMLIST"    MODERN LoggedOn [Carriage]        (memlist::Request)      (memlist::Reply)        (-);
    NewMem     "NEWMEM"     MODERN Push     [Carriage]        (-)                     (-)                     (newmem::Push);
    SetMcMeta  "SETMCMETA"  MODERN LoggedOn [Carriage]        (setmcmeta::Request)    (setmcmeta::Reply)      (-);
    SetMeta    "SETMETA"    MODERN LoggedOn [Carriage]        (setmeta::Request)      (setmeta::Reply)        (-);
    SyncJoin   "SYNCJOIN"   MODERN Push     [Carriage]        (-)                     (-)                     (syncjoin::Push);
    UpdateChat "UPDATECHAT" MODERN LoggedOn [Carriage]        (updatechat::Request)   (updatechat::Reply)     (-);
    Blind      "BLIND"      MODERN LoggedOn [Carriage]        (blind::Request)        (blind::Reply)          (-);
    CheckJoin  "CHECKJOIN"  MODERN LoggedOn [Carriage]        (checkjoin::Request)    (checkjoin::Reply)      (-);
    CreateLink "CREATELINK" MODERN LoggedOn [Carriage]        (createlink::Request)   (createlink::Reply)     (-);
    DeleteLink "DELETELINK" MODERN LoggedOn [Carriage]        (deletelink::Request)   (deletelink::Reply)     (-);
    InfoLink   "INFOLINK"   MODERN LoggedOn [Carriage]        (infolink::Request)     (infolink::Reply)       (-);
    JoinInfo   "JOININFO"   MODERN LoggedOn [Carriage]        (joininfo::Request)     (joininfo::Reply)       (-);
    JoinLink   "JOINLINK"   MODERN LoggedOn [Carriage]        (joinlink::Request)     (joinlink::Reply)       (-);
    KickLeave  "KICKLEAVE"  MODERN LoggedOn [Carriage]        (kickleave::Request)    (kickleave::Reply)      (-);
    KickMem    "KICKMEM"    MODERN LoggedOn [Carriage]        (kickmem::Request)      (kickmem::Reply)        (-);
    KlDelItem  "KLDELITEM"  MODERN LoggedOn [Carriage]        (kldelitem::Request)    (kldelitem::Reply)      (-);
    KlSync     "KLSYNC"     MODERN LoggedOn [Carriage]        (klsync::Request)       (klsync::Reply)         (-);
    LinkKicked "LINKKICKED" MODERN Push     [Carriage]        (-)                     (-)                     (linkkicked::Push);
    LnkDeleted "LNKDELETED" MODERN Push     [Carriage]        (-)                     (-)                     (lnkdeleted::Push);
    React      "REACT"      MODERN LoggedOn [Carriage]        (react::Request)        (react::Reply)          (-);
    ReactCnt   "REACTCNT"   MODERN LoggedOn [Carriage]        (reactcnt::Request)     (reactcnt::Reply)       (-);
    RelayEvent "RELAYEVENT" MODERN LoggedOn [Carriage]        (relayevent::Request)   (relayevent::Reply)     (-);
    SetMemType "SETMEMTYPE" MODERN LoggedOn [Carriage]        (setmemtype::Request)   (setmemtype::Reply)     (-);
    SyncEvent  "SYNCEVENT"  MODERN Push     [Carriage]        (-)                     (-)                     (syncevent::Push);
    SyncLinkCr "SYNCLINKCR" MODERN Push     [Carriage]        (-)                     (-)                     (synclinkcr::Push);
    SyncLinkDl "SYNCLINKDL" MODERN Push     [Carriage]        (-)                     (-)                     (synclinkdl::Push);
    SyncLinkPf "SYNCLINKPF" MODERN Push     [Carriage]        (-)                     (-)                     (synclinkpf::Push);
    SyncMemT   "SYNCMEMT"   MODERN Push     [Carriage]        (-)                     (-)                     (syncmemt::Push);
    UpdateLink "UPDATELINK" MODERN LoggedOn [Carriage]        (updatelink::Request)   (updatelink::Reply)     (-);
    UpLinkProf "UPLINKPROF" MODERN LoggedOn [Carriage]        (uplinkprof::Request)   (uplinkprof::Reply)     (-);
    Complete   "COMPLETE"   MODERN Push     [Carriage]        (-)                     (-)                     (complete::Push);
    Down       "DOWN"       MODERN Alone    [Carriage]        (down::Request)         (down::Reply)           (-);
    GetTrailer "GETTRAILER" MODERN LoggedOn [Carriage]        (gettrailer::Request)   (gettrailer::Reply)     (-);
    Invoice    "INVOICE"    MODERN Push     [Carriage]        (-)                     (-)                     (invoice::Push);
    MChkTokens "MCHKTOKENS" MODERN LoggedOn [Carriage]        (mchktokens::Request)   (mchktokens::Reply)     (-);
    Mini       "MINI"       MODERN Alone    [Carriage]        (mini::Request)         (mini::Reply)           (-);
    MPost      "MPOST"      MODERN Alone    [Carriage]        (mpost::Request)        (mpost::Reply)          (-);
    MShip      "MSHIP"      MODERN LoggedOn [Carriage]        (mship::Request)        (mship::Reply)          (-);
    Post       "POST"       MODERN Alone    [Carriage]        (post::Request)         (post::Reply)           (-);
    Ship       "SHIP"       MODERN LoggedOn [Carriage]        (ship::Request)         (ship::Reply)           (-);
    BlAddItem  "BLADDITEM"  MODERN LoggedOn [Carriage]        (bladditem::Request)    (bladditem::Reply)      (-);
    BlDelItem  "BLDELITEM"  MODERN LoggedOn [Carriage]        (bldelitem::Request)    (bldelitem::Reply)      (-);
    BlMember   "BLMEMBER"   MODERN LoggedOn [Carriage]        (blmember::Request)     (blmember::Reply)       (-);
    BlSync     "BLSYNC"     MODERN LoggedOn [Carriage]        (blsync::Request)       (blsync::Reply)         (blsync::Push);
    GetLPk     "GETLPK"     MODERN LoggedOn [Carriage]        (getlpk::Request)       (getlpk::Reply)         (-);
    GetPk      "GETPK"      MODERN LoggedOn [Carriage]        (getpk::Request)        (getpk::Reply)          (-);
    SCreate    "SCREATE"    MODERN LoggedOn [Carriage]        (screate::Request)      (screate::Reply)        (-);
    SetPk      "SETPK"      MODERN LoggedOn [Carriage]        (setpk::Request)        (setpk::Reply)          (-);
    SetSk      "SETSK"      MODERN LoggedOn [Carriage]        (setsk::Request)        (setsk::Reply)          (-);
    SWrite     "SWRITE"     MODERN LoggedOn [Carriage]        (swrite::Request)       (swrite::Reply)         (-);
}

impl Command {
    /// The row of `method`, if there is one.
    #[must_use]
    pub fn find(method: &Method) -> Option<&'static Self> {
        let name = method.number();
        let mut place = place(name);
        loop {
            let row = COMMANDS.get(usize::from(PLACES[place]))?;
            if row.method.number() == name {
                return Some(row);
            }
            place = (place + 1) % PLACES.len();
        }
    }
}

/// The number of each row, at the place that its name has by [`place`] or at the next one that is free; [`NOBODY`]
/// elsewhere. Without it, finding the row of a PING would take longer than answering it.
static PLACES: [u8; 256] = {
    let mut places = [NOBODY; 256];
    let mut i = 0;
    while i < COMMANDS.len() {
        let mut at = place(COMMANDS[i].method.number());
        while places[at] != NOBODY {
            at = (at + 1) % places.len();
        }
        places[at] = i as u8;
        i += 1;
    }
    places
};
/// The number of no row.
const NOBODY: u8 = u8::MAX;
const _: () = assert!(COMMANDS.len() <= 128, "more than half of the places would be taken");

/// The first place for a name: the highest bits of its product with the golden ratio.
const fn place(name: u128) -> usize {
    let folded = name as u64 ^ ((name >> 64) as u64).rotate_left(32);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_under_its_own_name_and_id() {
        for (i, row) in COMMANDS.iter().enumerate() {
            assert_eq!(row.id as usize, i);
            assert_eq!(Command::find(&row.method).map(|c| c.id), Some(row.id));
            assert_eq!(row.when == When::Push, row.request.is_none(), "{}", row.method);
            assert_eq!(row.request.is_some(), row.reply.is_some(), "{}", row.method);
            assert!(row.request.is_some() || row.push.is_some(), "{}", row.method);
        }
        assert!(Command::find(&Method::constant("SPUSH")).is_none());
    }
}
