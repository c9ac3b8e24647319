//! What each kind of file of the spec holds, as types: the same types read the YAML and make the JSON Schema.
//!
//! [`case`], [`step`] and [`driving`] (a case), [`mutate`] (how valid bytes are spoiled), [`requirement`], [`catalogue`] (quirks,
//! macros, profiles). Shapes only: what must hold between files is [`super::lint`], what a step does is the runner.

pub mod case;
pub mod catalogue;
pub mod driving;
pub mod mutate;
pub mod requirement;
pub mod scalar;
pub mod step;

pub use case::{Case, Connection, Door, Role};
pub use catalogue::{MacroFile, ProfileFile, QuirkFile};
pub use mutate::Mutation;
pub use requirement::RequirementFile;
pub use scalar::{Eras, Span};
pub use step::Step;
