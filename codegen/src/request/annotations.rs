//! Annotations: which there are, and what they say.

use capnp::schema_capnp::{annotation, value};
use capnp::struct_list;
use dsoftbus_schemas::annotation as bus;

use super::text;

/// `name` of `rust.capnp`.
const RUST_NAME: u64 = 0xc2fe_4c6d_1001_66d0;
/// Its others: `parentModule`, `option`.
const RUST_OTHERS: [u64; 2] = [0xabee_386c_d145_0364, 0xabfe_f22c_4ee1_964e];

type Annotations<'a> = struct_list::Reader<'a, annotation::Owned>;

/// The value of the annotation with this ID.
pub(super) fn find(
    annotations: Annotations<'_>,
    id: u64,
) -> capnp::Result<Option<value::WhichReader<'_>>> {
    for annotation in annotations {
        if annotation.get_id() == id {
            return Ok(Some(annotation.get_value()?.which()?));
        }
    }
    Ok(None)
}

/// Whether there is an annotation with this ID.
pub(super) fn has_annotation(annotations: Annotations<'_>, id: u64) -> bool {
    annotations.iter().any(|found| found.get_id() == id)
}

/// The name in Rust that an annotation asks for.
pub(super) fn rename(annotations: Annotations<'_>) -> capnp::Result<Option<String>> {
    for id in [bus::NAME, RUST_NAME] {
        if let Some(value::Text(name)) = find(annotations, id)? {
            return Ok(Some(text(name?)?));
        }
    }
    Ok(None)
}

/// Whether there is an annotation of `rust.capnp` that the typed layer does not honour.
pub(super) fn has_unsupported(annotations: Annotations<'_>) -> bool {
    RUST_OTHERS
        .iter()
        .any(|id| has_annotation(annotations, *id))
}
