//! Cap'n Proto schema compiler in pure Rust: schemas in, `CodeGeneratorRequest` out.

pub mod ast;
pub mod diagnostic;
pub mod id;
pub mod layout;
mod lex;
mod md5;
pub mod parse;
pub mod standard;
mod suggest;
pub mod type_id;
pub mod types;
pub mod value;
