//! IDs that the language derives for declarations without one of their own.
//!
//! All are the first eight bytes, big-endian, of an MD5 digest that begins with the ID of the parent in little-endian order. The top bit is
//! set, which tells IDs from ordinals.

use crate::md5;

/// Set in every ID that a schema may use.
pub const TOP_BIT: u64 = 1 << 63;

/// ID of the declaration `name` inside the declaration `parent`.
#[must_use]
pub fn child(parent: u64, name: &str) -> u64 {
    derive(&[&parent.to_le_bytes(), name.as_bytes()])
}

/// ID of the group or named union that is the `index`th member of `parent`, members counted in order of their first ordinal.
#[must_use]
pub fn group(parent: u64, index: u16) -> u64 {
    derive(&[&parent.to_le_bytes(), &index.to_le_bytes()])
}

/// ID of the struct made from the parameters (or results) of the method `ordinal` of the interface `parent`.
#[must_use]
pub fn method_params(parent: u64, ordinal: u16, is_results: bool) -> u64 {
    derive(&[
        &parent.to_le_bytes(),
        &ordinal.to_le_bytes(),
        &[u8::from(is_results)],
    ])
}

fn derive(parts: &[&[u8]]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = md5::digest(parts);
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) | TOP_BIT
}

#[cfg(test)]
mod tests {
    use super::{TOP_BIT, child, group, method_params};

    #[test]
    fn children_groups_and_params_have_the_ids_of_the_reference() {
        assert_eq!(child(0xa93f_c509_624c_72d9, "Node"), 0xe682_ab4c_f923_a417);
        assert_eq!(
            child(0xe682_ab4c_f923_a417, "NestedNode"),
            0xdebf_55bb_fa0f_c242
        );
        assert_eq!(group(0xe682_ab4c_f923_a417, 7), 0x9ea0_b19b_37fb_4435);
        let interface = 0x88eb_12a0_e0af_92b2;
        assert_eq!(method_params(interface, 0, false), 0xb874_edc0_d559_b391);
        assert_eq!(method_params(interface, 0, true), 0xb04f_cadd_ab71_4ba4);
        assert_eq!(method_params(interface, 1, false), 0xd044_8933_57b4_2568);
        assert_eq!(method_params(interface, 1, true), 0x9bf1_41df_4247_d52f);
    }

    #[test]
    fn ids_hold_for_names_longer_than_a_block() {
        // From `capnp compile` 0.9.2 of a file with the ID below that declares these structs.
        let file = 0xd0d0_d0d0_d0d0_d0d0;
        for (length, expected) in [
            (47, 0xbe5e_41b7_e4d4_c269),
            (48, 0xb5fa_f137_8eb4_2141),
            (56, 0xd164_c6a5_5104_839e),
            (120, 0xb446_0731_1bbb_ebc1),
        ] {
            assert_eq!(child(file, &"A".repeat(length)), expected, "{length}");
        }
    }

    #[test]
    fn the_top_bit_is_always_set() {
        for index in 0..1000 {
            assert_ne!(group(TOP_BIT, index) & TOP_BIT, 0);
        }
    }
}
