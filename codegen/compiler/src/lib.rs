//! Cap'n Proto schema compiler in pure Rust: schemas in, `CodeGeneratorRequest` out.

pub mod ast;
pub mod diagnostic;
pub mod layout;
mod md5;
pub mod standard;
mod suggest;
pub mod type_id;
pub mod types;
pub mod value;
