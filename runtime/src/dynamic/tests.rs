//! Tests of schemas, values and messages together.

mod defaults;
mod errors;
mod hostile;
mod limits;
mod messages;
mod parse;
mod random;
mod refused;
mod support;
mod text;
