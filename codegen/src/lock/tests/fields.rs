//! Which changes of fields keep readable what was written before.

use super::judged;

/// Bytes written before read as they did: the discriminant was zero in them.
#[test]
fn a_field_may_become_the_first_member_of_a_new_union() {
    let before = "struct S { a @0 :Int32; b @1 :Text; }";
    for (after, lacking) in [
        (
            "struct S { union { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
            2,
        ),
        (
            "struct S { u :union { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
            2,
        ),
        (
            "struct S { u :union { old :group { a @0 :Int32; b @1 :Text; } c @2 :Text; } }",
            3,
        ),
        (
            "struct S { g :group { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
            2,
        ),
        ("struct S { a :group { a @0 :Int32; } b @1 :Text; }", 1),
    ] {
        assert_eq!(judged(before, after), Ok(lacking), "{after}");
    }
}

#[test]
fn a_field_may_not_become_another_member_of_a_union() {
    assert_eq!(
        judged(
            "struct S { a @0 :Int32; b @1 :Text; }",
            "struct S { union { a @0 :Int32; b @1 :Text; } }"
        )
        .unwrap_err(),
        "x.capnp:S: field `b` changed its place in a union
  - x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0
  + x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0, when bits 32..48 = 1"
    );
}

#[test]
fn a_field_may_not_join_a_union_that_is_there() {
    assert_eq!(
        judged(
            "struct S { union { a @0 :Int32; c @1 :Text; } b @2 :Int16; }",
            "struct S { union { g :group { a @0 :Int32; b @2 :Int16; } c @1 :Text; } }",
        )
        .unwrap_err(),
        "x.capnp:S: field `b` changed its place in a union
  - x.capnp:S@0xe6b58d73c31504f3 field @2 b: Int16 at bits 48..64
  + x.capnp:S@0xe6b58d73c31504f3 field @2 g.b: Int16 at bits 48..64, when bits 32..48 = 0"
    );
}

#[test]
fn a_field_may_not_leave_its_union() {
    assert_eq!(
        judged(
            "struct S { union { c @0 :Text; d @1 :Void; a @2 :Int32; } }",
            "struct S { union { c @0 :Text; d @1 :Void; } a @2 :Int32; }",
        )
        .unwrap_err(),
        "x.capnp:S: field `a` changed its place in a union
  - x.capnp:S@0xe6b58d73c31504f3 field @2 a: Int32 at bits 32..64, when bits 0..16 = 2
  + x.capnp:S@0xe6b58d73c31504f3 field @2 a: Int32 at bits 32..64"
    );
}

#[test]
fn a_field_may_not_join_a_group_that_is_there() {
    assert_eq!(
        judged(
            "struct S { g :group { a @0 :Int32; } b @1 :Text; }",
            "struct S { g :group { a @0 :Int32; b @1 :Text; } }"
        )
        .unwrap_err(),
        "x.capnp:S: field `b` changed its group
  - x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0
  + x.capnp:S@0xe6b58d73c31504f3 field @1 g.b: Text at pointer 0"
    );
}

#[test]
fn a_field_may_not_leave_its_group() {
    assert_eq!(
        judged(
            "struct S { g :group { a @0 :Int32; b @1 :Text; } }",
            "struct S { g :group { a @0 :Int32; } b @1 :Text; }"
        )
        .unwrap_err(),
        "x.capnp:S: field `g.b` changed its group
  - x.capnp:S@0xe6b58d73c31504f3 field @1 g.b: Text at pointer 0
  + x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0"
    );
}

#[test]
fn a_field_is_renamed_although_its_group_has_its_name() {
    assert_eq!(
        judged(
            "struct S { a @0 :Int32; }",
            "struct S { a :group { x @0 :Int32; } }"
        )
        .unwrap_err(),
        "x.capnp:S: field `a` is `a.x` now: it was renamed, or @0 was used again
  - x.capnp:S@0xe6b58d73c31504f3 field @0 a: Int32 at bits 0..32
  + x.capnp:S@0xe6b58d73c31504f3 field @0 a.x: Int32 at bits 0..32"
    );
}

#[test]
fn a_union_may_get_members() {
    let before = "struct S { union { a @0 :Int32; b @1 :Text; } }";
    let after = "struct S { union { a @0 :Int32; b @1 :Text; c @2 :Void; } }";
    assert_eq!(judged(before, after), Ok(1));
}

#[test]
fn a_default_does_not_change_with_the_struct_it_is_of() {
    let before =
        "struct P { x @0 :Int32; } struct S { p @0 :P = (x = 5); l @1 :List(P) = [(x = 1)]; }";
    let after = before.replace("x @0 :Int32;", "x @0 :Int32; y @1 :Text; z @2 :Int64;");
    assert_eq!(judged(before, &after), Ok(2));
    let other = before.replace("x = 1", "x = 2");
    assert!(
        judged(before, &other)
            .unwrap_err()
            .starts_with("x.capnp:S: field `l` has another default")
    );
}
