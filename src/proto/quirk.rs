//! Ways to be wrong on purpose (`spec/quirks.yaml`): planted bugs that prove the tests, and a misbehaving peer on demand.

macro_rules! quirks {
    ($($(#[$m:meta])* $id:ident = $name:literal;)*) => {
        /// One way to be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Quirk { $($(#[$m])* $id,)* }

        impl Quirk {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// Its name in YAML and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
        }
    };
}

quirks! {
    /// Server: acknowledges WRITE, pushes nothing.
    AckWithoutPush = "ack-without-push";
    /// Server: pushes every MSG twice.
    PushTwice = "push-twice";
    /// Server: pushes MSG to the sending connection too.
    PushToSender = "push-to-sender";
    /// Server: a push carries the id of the request that caused it.
    PushReusesRequestId = "push-reuses-request-id";
    /// Server: MSG carries another log id than the acknowledgement.
    LogIdNotShared = "log-id-not-shared";
    /// Server: the body length is written big-endian.
    BigEndianLength = "big-endian-length";
    /// Server: a reply carries another packet id.
    ForgetsPacketId = "forgets-packet-id";
    /// Server: never closes a silent connection.
    NoIdleTimeout = "no-idle-timeout";
    /// Server: lets anybody read and write any room.
    SkipsMembershipCheck = "skips-membership-check";
    /// Server: takes any token for the first user's.
    AcceptsAnyToken = "accepts-any-token";
    /// Server: closes instead of answering -202.
    ClosesOnUnknownMethod = "closes-on-unknown-method";
    /// Server: the result is in the header's status, the body has none.
    StatusInHeaderOnly = "status-in-header-only";
    /// Server: a read mark goes back when it is told to.
    WatermarkGoesBack = "watermark-goes-back";
    /// Server: acknowledges before the commit.
    AckBeforeDurable = "ack-before-durable";
    /// Server: answers a request before login as if there had been one.
    AnswersBeforeLogin = "answers-before-login";
    /// Server: leaves the older session of a device alone.
    NoFence = "no-fence";
    /// Server: answers a body that is no BSON with success.
    IgnoresBadBody = "ignores-bad-body";
    /// Server: leaving stops no pushes.
    LeaveKeepsPushing = "leave-keeps-pushing";
    /// Server: SYNCMSG skips the first log of a page.
    SyncSkipsEntry = "sync-skips-entry";
    /// Server: SYNCMSG begins with the log that the client has already.
    SyncRepeatsEntry = "sync-repeats-entry";
    /// Server: MCHATLOGS gives the messages of any room to anybody.
    MchatlogsLeaks = "mchatlogs-leaks";
    /// Server: numbers in an attachment go through a double, which rounds ids of 64 bits.
    AttachmentThroughDouble = "attachment-through-double";
    /// Server: a deleted message is flagged, but its text stays.
    DeleteKeepsText = "delete-keeps-text";
    /// Server: a message can be deleted however old it is.
    DeleteAfterWindow = "delete-after-window";
    /// Server: anybody in the room can edit a message.
    EditByAnybody = "edit-by-anybody";
    /// Server: a reaction counts each time it is sent.
    ReactionCountsTwice = "reaction-counts-twice";
    /// Server: PING is not answered.
    IgnoresPing = "ignores-ping";
    /// Server: an upload begins at byte 0 whatever is there already.
    ResumeFromZero = "resume-from-zero";
    /// Server: goes on with an upload one piece too far: the bytes before are zeros.
    MediaResumesWrongOffset = "media-resumes-wrong-offset";
    /// Server: completes an upload whose SHA-1 is not the announced one.
    AcceptsWrongHash = "accepts-wrong-hash";
    /// Server: sends a file from its beginning whatever was asked.
    DownloadIgnoresOffset = "download-ignores-offset";
    /// Server: sends a file to somebody who is no member of the room.
    DownloadSkipsMembership = "download-skips-membership";
    /// Server: takes a token that has expired.
    AcceptsExpiredToken = "accepts-expired-token";
    /// Server: takes an app that is too old.
    AcceptsOldVersion = "accepts-old-version";
    /// Server: a login gets every room, whatever it knows.
    DeltaSendsAll = "delta-login-sends-all";
    /// Server: a login hears of new messages only, not of other changes of a room.
    DeltaForgetsRoom = "delta-login-forgets-changed-room";
    /// Server: keeps a changed block list from the user's other devices.
    BlockNotSynced = "block-not-synced";
    /// Server: answers a receipt as if it were a request.
    AnswersReceipts = "answers-receipts";
    /// Server: takes and relays what is made with keys that are not the latest.
    SecretRelaysStaleKey = "secret-relays-stale-key";
    /// Server: CREATE makes a second room of the same two people.
    CreateDuplicatesDirectRoom = "create-duplicates-direct-room";
    /// Server: ADDMEM tells the members nothing.
    NewMemNotPushed = "newmem-not-pushed";
    /// Server: who is invited sees what was said before.
    InvitedSeesOldLogs = "invited-sees-old-logs";
    /// Server: LEAVE leaves no log, and nobody is told.
    LeaveIsSilent = "leave-is-silent";
    /// Server: the other devices of who leaves are not told.
    LeftNotPushed = "left-not-pushed";
    /// Server: every setting of a room has revision 1.
    MetaRevisionStuck = "meta-revision-stuck";
    /// Server: a pass code is not asked for.
    JoinWithoutPassCode = "join-without-pass-code";
    /// Server: everybody sees the pass code of a link.
    PassCodeLeaks = "pass-code-leaks";
    /// Server: who was kicked out of a link may join it again.
    KickedMayReturn = "kicked-may-return";
    /// Server: every member may kick.
    AnybodyKicks = "anybody-kicks";
    /// Server: who hands a link over stays its owner.
    HandOverKeepsTwoOwners = "hand-over-keeps-two-owners";
    /// Server: the end of a connection ends the session of its device, also when that has a newer connection.
    CleanupEndsNewSession = "cleanup-ends-new-session";
    /// Server: waits for ever for a login.
    NoLoginTimeout = "no-login-timeout";
    /// Server: pushes go out before the commit, replies after it.
    PushBeforeCommit = "push-before-commit";
    /// Server: of a user's devices only the first one that is online gets pushes.
    SkipsSecondDevice = "skips-second-device";
    /// Server: takes one read for one packet; what else came with it is lost.
    OneReadOnePacket = "one-read-one-packet";
    /// Server: whatever waits for a peer goes on waiting, however much it is.
    QueueUnbounded = "queue-unbounded";
    /// Server: counts logs in memory, so that a restart begins anew.
    IdsFromMemory = "ids-from-memory";
    /// Server: takes a commit that failed for one that did not.
    IgnoresCommitError = "ignores-commit-error";
    /// Server: most commits leave the sync to a later one.
    CommitWithoutSync = "commit-without-sync";
    /// Server: PING does not count as a sign of life.
    PingIsNoSignOfLife = "ping-is-no-sign-of-life";
    /// Server: of two sessions of a device it ends the newer one.
    FencesTheNewer = "fences-the-newer";
    /// Server: a login that comes late, on an older connection, ends the newer session of its device.
    LateLoginWins = "late-login-wins";
    /// Server: a login ends the sessions of the user's other devices too.
    OneSessionForAllDevices = "one-session-for-all-devices";
    /// Server: a session gets pushes from half a second after its login on.
    PushesBeginLate = "pushes-begin-late";
    /// Server: CHATONROOM names the last log but one as the last.
    StaleRoomEnd = "stale-room-end";
    /// Server: each GCM frame has the nonce of the first.
    NonceReused = "nonce-reused";
    /// Server: a fragment of 2012 has one byte too many.
    FragmentTooLong = "fragment-too-long";
    /// Server: a standby that takes over opens the store as it was when it began to wait.
    StandbyServesOldDisk = "standby-serves-old-disk";
    /// Server: messages of one batch and room all name the last log of before the batch as the one before them.
    LosesPrevIdInBatch = "loses-prev-id-in-batch";
    /// Server: what a message changes in two tables is committed in two transactions.
    CommitsHalfAUnit = "commits-half-a-unit";
    /// Server: sessions are closed without CHANGESVR before a planned stop.
    DrainSendsNoChangeSvr = "drain-sends-no-changesvr";
    /// Server: the file of a connection stays open when the connection is over.
    KeepsDeadSockets = "keeps-dead-sockets";
    /// Client: never sends PING.
    NeverPings = "never-pings";
    /// Client: takes no notice of a reply that does not come.
    ForgetsPending = "forgets-pending";
    /// Client: sends again without looking the message up.
    ResendsBlindly = "resends-blindly";
    /// Client: takes a push for the reply to its oldest request.
    MatchesByOrder = "matches-by-order";
    /// Client: treats a refused login as a login.
    IgnoresLoginStatus = "ignores-login-status";
    /// Client: comes back at once and for ever, without backoff.
    NoBackoff = "no-backoff";
    /// Client: waits for ever for a connection.
    NoConnectTimeout = "no-connect-timeout";
    /// Client: takes one read for one packet; what else came with it is lost.
    ReadsOnePacket = "reads-one-packet";
    /// Client: what waits to be sent is forgotten by a login until something else happens in its room.
    OutboxSleeps = "outbox-sleeps-after-login";
    /// Client: takes a login for up to date and fetches nothing of what it has missed.
    LoginSkipsMissed = "login-skips-missed";
    /// Client: a message whose connection ended before its reply has failed.
    TakesDoubtForFailure = "takes-doubt-for-failure";
    /// Client: shows what is pushed without looking for what is before it.
    IgnoresGaps = "ignores-gaps";
    /// Client: requests are not forgotten with their connection; the next one has them, too.
    PendingOutlivesConnection = "pending-outlives-connection";
    /// Client: after a login it reports again what it has reported before.
    ReportsAgain = "reports-again-after-login";
    /// Client: goes on calling a carriage at which no login comes to pass.
    KeepsDeadRoute = "keeps-dead-route";
    /// Client: closes when it is pushed a method that it does not know.
    ClosesOnUnknownPush = "closes-on-unknown-push";
    /// Client: takes any reply of the method for the reply to its request.
    MatchesByMethod = "matches-by-method";
    /// Client: waits for as many bytes as a length field says.
    AwaitsAnyLength = "awaits-any-length";
    /// Client: takes a packet of any body type.
    IgnoresBodyType = "ignores-body-type";
    /// Client: throws away what cannot be framed and stays.
    GoesOnAfterGarbage = "goes-on-after-garbage";
    /// Client: half a packet outlives its connection.
    KeepsHalfPacket = "keeps-half-packet";
    /// Client: the rest of a read that makes no whole packet is lost.
    ForgetsHalfPacket = "forgets-half-packet";
    /// Client: takes the first page of rooms for all.
    StopsAtFirstPage = "stops-at-first-page";
    /// Client: a list of rooms replaces what it knew.
    ReplacesRooms = "replaces-rooms";
    /// Client: tries again with a token that was refused.
    RetriesRefusedToken = "retries-refused-token";
    /// Client: comes back after KICKOUT.
    ReturnsAfterKickout = "returns-after-kickout";
    /// Client: comes back to the carriage that has sent it away.
    KeepsRouteAfterMove = "keeps-route-after-move";
    /// Client: takes what it has written for sent.
    FiresAndForgets = "fires-and-forgets";
    /// Client: shows what is pushed twice.
    ShowsDoubledPush = "shows-doubled-push";
    /// Client: pings in its own time whatever it was told.
    IgnoresToldInterval = "ignores-told-interval";
    /// Client: sends a receipt for every push.
    AnswersEveryPush = "answers-every-push";
    /// Client: is out of a room as soon as it wants to be.
    LeavesBeforeReply = "leaves-before-reply";
    /// Client: stays in a room that it is told it has left.
    IgnoresLeft = "ignores-left";
    /// Client: takes spaces off the ends of what it shows.
    TrimsText = "trims-text";
    /// Client: of 2023, names the key type of 2019.
    KeyTypeOf2019 = "key-type-of-2019";
    /// Client: stays where it is after CHANGESVR, and comes back to the same carriage.
    IgnoresChangeSvr = "ignores-changesvr";
    /// Client: waits exactly as long as it may, so that all that fell together rise together.
    NoJitter = "no-jitter";
    /// Client: gives its requests two ids in turn, whether they are in flight or not.
    ReusesPacketIds = "reuses-packet-ids";
}

impl Quirk {
    /// The quirk called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|q| q.as_str() == name)
    }
}

/// The quirks that a machine has; none, unless somebody asked for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks(u128);

const _: () = assert!(Quirk::ALL.len() <= 128);

impl Quirks {
    /// None.
    pub const NONE: Self = Self(0);

    /// These and `quirk`.
    #[must_use]
    pub const fn with(self, quirk: Quirk) -> Self {
        Self(self.0 | 1 << quirk as u64)
    }

    /// Whether `quirk` is among them.
    #[must_use]
    pub const fn has(self, quirk: Quirk) -> bool {
        self.0 & (1 << quirk as u64) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for q in Quirk::ALL {
            assert_eq!(Quirk::parse(q.as_str()), Some(*q));
            assert!(Quirks::NONE.with(*q).has(*q) && !Quirks::NONE.has(*q));
        }
        assert_eq!(Quirk::parse("no-such-quirk"), None);
    }
}
