//! What the generator makes of the schemas that the runtime itself uses.

crate::include_schemas!();
