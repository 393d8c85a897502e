//! Nothing: what is generated is included by the tests, each in a crate of its own.
