//! What each kind of file of the spec holds, as types: the same types read the YAML and make the JSON Schema.
//!
//! [`case`], [`step`] and [`driving`] (a case), [`mutate`] (how valid bytes are spoiled), [`vector`] (bytes, and what a codec must make of them), [`requirement`], [`catalogue`] (quirks,
//! macros, profiles), [`sut`] (who is judged), [`command`], [`field`] and [`vocabulary`] (the methods of the wire and what they are made of). Shapes only: what must hold between files is [`super::lint`], what a step does is the runner.

pub mod case;
pub mod catalogue;
pub mod command;
pub mod driving;
pub mod field;
pub mod mutate;
pub mod requirement;
pub mod scalar;
pub mod step;
pub mod sut;
pub mod vector;
pub mod vocabulary;

pub use case::{Case, Connection, Door, Role};
pub use catalogue::{MacroFile, ProfileFile, QuirkFile};
pub use command::CommandFile;
pub use field::{Field, FieldType};
pub use mutate::Mutation;
pub use requirement::RequirementFile;
pub use scalar::{Eras, Span};
pub use step::Step;
pub use sut::Sut;
pub use vector::VectorFile;
pub use vocabulary::{EnumFile, StatusFile, TypeFile};
