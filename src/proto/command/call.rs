//! Which reply belongs to which request, and which body to which push, as types: what a typed call needs.

use super::CommandId;
use super::field::Body;

/// The body of a request.
pub trait Call<'a>: Body<'a> {
    /// The command that it asks.
    const ID: CommandId;
    /// What it is answered with.
    type Reply<'r>: Body<'r>;
    /// The same type without what it borrows: a reply outlives its request, and still knows what it answers.
    type Static: Call<'static> + 'static;
}

/// The body of a push.
pub trait Pushed<'a>: Body<'a> {
    /// The command that it is.
    const ID: CommandId;
}

/// `call! { Ping: Request => Reply }`.
macro_rules! call {
    ($id:ident: $request:ident => $reply:ident $(<$r:lifetime>)?) => {
        impl<'a> $crate::proto::command::call::Call<'a> for $request {
            const ID: $crate::proto::command::CommandId = $crate::proto::command::CommandId::$id;
            type Reply<'r> = $reply $(<$r>)?;
            type Static = Self;
        }
    };
    ($id:ident: $request:ident <$a:lifetime> => $reply:ident $(<$r:lifetime>)?) => {
        impl<$a> $crate::proto::command::call::Call<$a> for $request<$a> {
            const ID: $crate::proto::command::CommandId = $crate::proto::command::CommandId::$id;
            type Reply<'r> = $reply $(<$r>)?;
            type Static = $request<'static>;
        }
    };
}
pub(crate) use call;

/// `pushed! { Msg: Push<'a> }`.
macro_rules! pushed {
    ($id:ident: $push:ident $(<$a:lifetime>)?) => {
        impl<'a> $crate::proto::command::call::Pushed<'a> for $push $(<$a>)? {
            const ID: $crate::proto::command::CommandId = $crate::proto::command::CommandId::$id;
        }
    };
}
pub(crate) use pushed;
