//! Cap'n Proto schema compiler in pure Rust: schemas in, `CodeGeneratorRequest` out.

pub mod ast;
pub mod diagnostic;
pub mod id;
mod lex;
pub mod parse;
