//! The statuses that the reference answers with (loco-modern §5). The number goes into the body's `status`.

use super::field::bodies;

/// Success.
pub const OK: i32 = 0;
/// No such user.
pub const INVALID_USER: i32 = -1;
/// Not logged on.
pub const NOT_LOGGED_ON: i32 = -201;
/// Unknown method, or one that does not belong here.
pub const UNKNOWN_METHOD: i32 = -202;
/// Wrong body.
pub const BAD_BODY: i32 = -203;
/// The message cannot be deleted: it is somebody else's, or of a kind that stays.
pub const NOT_DELETABLE: i32 = -210;
/// The message is deleted already.
pub const ALREADY_DELETED: i32 = -211;
/// It is too late to delete the message.
pub const TOO_LATE: i32 = -212;
/// The media server failed: the same may succeed when it is tried again.
pub const MEDIA_FAILED: i32 = -300;
/// No such file.
pub const NO_SUCH_MEDIA: i32 = -306;
/// A thumbnail cannot be made of this.
pub const NO_THUMBNAIL: i32 = -307;
/// Not supported.
pub const UNSUPPORTED: i32 = -308;
/// The other blocks the one who asks.
/// Only a part of it; on CREATE, the room is there already.
pub const PARTIAL: i32 = -310;
/// No such open link.
pub const LINK_UNAVAILABLE: i32 = -324;
/// No such room, or none of this user's.
pub const NO_SUCH_ROOM: i32 = -401;
/// The other user blocks this one.
pub const BLOCKED_BY_FRIEND: i32 = -402;
/// The user cannot be written to.
pub const NOT_CHATABLE: i32 = -403;
/// The other user takes no invitation.
pub const INVITE_BLOCKED: i32 = -405;
/// The operation is denied, or failed on our side.
pub const DENIED: i32 = -500;
/// No room for one more.
pub const FULL: i32 = -501;
/// Who writes is blocked by the one who would read.
pub const WRITE_WHILE_BLOCKED: i32 = -814;
/// Wrong token.
pub const BAD_TOKEN: i32 = -950;
/// The account is restricted.
pub const RESTRICTED: i32 = -997;
/// The app is too old.
pub const UPDATE_REQUIRED: i32 = -999;

bodies! {
    /// The reply of every refusal: the status and nothing else.
    Refusal {
        /// Why not.
        status: i32 = "status",
    }
}
