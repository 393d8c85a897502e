//! Why bytes are no schema.

use capnp::ErrorKind;
use dsoftbus_proto::message::MessageError;
use thiserror::Error;

use super::{MAX_GROUP_DEPTH, MAX_LIST_DEPTH, MAX_MEMBERS, MAX_NAME, MAX_NODES, MAX_SCHEMA_BYTES};
use crate::dynamic::{At, DecodeError};

/// Why bytes are no schema that values can be read and written by. Every variant is the fault of who sent them.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SchemaError {
    /// More than [`MAX_SCHEMA_BYTES`].
    #[error("schema of {bytes} bytes, at most {MAX_SCHEMA_BYTES} are taken")]
    TooLong {
        /// What there is.
        bytes: usize,
    },
    /// The bytes are no message.
    #[error("not a message: {0}")]
    Message(#[from] MessageError),
    /// The message is no valid `CodeGeneratorRequest`, or says more than may be read.
    #[error("malformed: {0}")]
    Malformed(ErrorKind),
    /// More than [`MAX_NODES`].
    #[error("schema of {nodes} nodes, at most {MAX_NODES} are taken")]
    TooManyNodes {
        /// What there is.
        nodes: u32,
    },
    /// More than [`MAX_MEMBERS`].
    #[error("more than {MAX_MEMBERS} members")]
    TooManyMembers,
    /// A name is longer than [`MAX_NAME`], or no name: those of members are letters, digits and underscores.
    #[error(
        "node {node:#018x}: a name is longer than {MAX_NAME} bytes or has other characters than names have"
    )]
    BadName {
        /// The node.
        node: u64,
    },
    /// Two nodes have one ID.
    #[error("node {node:#018x} is there twice")]
    DuplicateNode {
        /// The ID.
        node: u64,
    },
    /// Two members of one node have one name.
    #[error("node {node:#018x}: two members are called {name}")]
    DuplicateName {
        /// The node.
        node: u64,
        /// The name.
        name: String,
    },
    /// An ID names no node.
    #[error("node {node:#018x} refers to {target:#018x}, which is missing")]
    Missing {
        /// Where the ID is.
        node: u64,
        /// The ID.
        target: u64,
    },
    /// An ID names a node of another kind.
    #[error("node {node:#018x} refers to {target:#018x}, which is no {expected}")]
    WrongKind {
        /// Where the ID is.
        node: u64,
        /// The ID.
        target: u64,
        /// What it should name.
        expected: &'static str,
    },
    /// A type nests more than [`MAX_LIST_DEPTH`] lists.
    #[error("node {node:#018x}: more than {MAX_LIST_DEPTH} levels of lists in a type")]
    ListTooDeep {
        /// The node.
        node: u64,
    },
    /// More than [`MAX_GROUP_DEPTH`] groups inside each other.
    #[error("node {node:#018x}: more than {MAX_GROUP_DEPTH} levels of groups")]
    GroupTooDeep {
        /// The innermost group.
        node: u64,
    },
    /// A group is a part of itself.
    #[error("group {node:#018x} is a part of itself")]
    CircularGroup {
        /// The group.
        node: u64,
    },
    /// A group is the kind of more than one field. A few of those could amount to any number of fields.
    #[error("group {node:#018x} is there twice")]
    SharedGroup {
        /// The group.
        node: u64,
    },
    /// A group has not the size of its struct.
    #[error("group {node:#018x} is not of the size of its struct")]
    GroupSize {
        /// The group.
        node: u64,
    },
    /// A field, or the discriminant of a union, lies outside the struct.
    #[error("node {node:#018x}: {field} lies outside the struct")]
    OutOfBounds {
        /// The node.
        node: u64,
        /// The field, or `union`.
        field: String,
    },
    /// A field has a discriminant that its struct does not have, or that another field has.
    #[error("node {node:#018x}: {field} is no member of the union")]
    BadDiscriminant {
        /// The node.
        node: u64,
        /// The field.
        field: String,
    },
    /// A default is of another type than its field.
    #[error("node {node:#018x}: the default of {field} is of another type")]
    DefaultType {
        /// The node.
        node: u64,
        /// The field.
        field: String,
    },
    /// A default cannot be read.
    #[error("node {node:#018x}: the default of {field} cannot be read: {error}")]
    BadDefault {
        /// The node.
        node: u64,
        /// The field.
        field: String,
        /// What is wrong with it.
        error: At<DecodeError>,
    },
    /// An interface extends itself.
    #[error("interface {node:#018x} extends itself")]
    CircularSuperclass {
        /// The interface.
        node: u64,
    },
}

impl From<capnp::Error> for SchemaError {
    fn from(error: capnp::Error) -> Self {
        Self::Malformed(error.kind)
    }
}

impl From<capnp::NotInSchema> for SchemaError {
    fn from(error: capnp::NotInSchema) -> Self {
        capnp::Error::from(error).into()
    }
}
