//! How types that are gone are paired with new ones.

use super::judged;

#[test]
fn a_renamed_scope_takes_everything_in_it_along() {
    let before = "struct Outer { a @0 :Inner; struct Inner { b @0 :Outer; } interface I { c @0 (d :Inner) -> (); } }";
    assert_eq!(
        judged(before, &before.replace("Outer", "Around")).unwrap_err(),
        "x.capnp:Outer is gone, x.capnp:Around is new and like it
  - x.capnp:Outer@0xeafd2bed30ba92a4 struct
  + x.capnp:Around@0x907a50061b6bfaf3 struct
    8 more lines changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `Around @0xeafd2bed30ba92a4`"
    );
}

#[test]
fn the_id_that_the_message_proposes_keeps_everything() {
    let before = "struct Outer { a @0 :Inner; struct Inner { b @0 :Outer; } interface I { c @0 (d :Inner) -> (); } }";
    let after = before
        .replace("Outer", "Around")
        .replace("struct Around", "struct Around @0xeafd2bed30ba92a4");
    // All lines but that of the file have the new name in them.
    assert_eq!(judged(before, &after), Ok(9));
}

#[test]
fn what_two_renamed_types_say_of_each_other_changes_with_them() {
    let before =
        "interface A { a @0 (b :B) -> B; } struct B { a @0 :C; } interface C extends(A) {}";
    let after = "interface D { a @0 (b :E) -> E; } struct E { a @0 :F; } interface F extends(D) {}";
    assert_eq!(judged(before, after).unwrap_err(), "x.capnp:A is gone, x.capnp:D is new and like it
  - x.capnp:A@0x9add9b44c7cd9ef2 interface
  + x.capnp:D@0x97bf2563aee31eaa interface
    3 more lines changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `D @0x9add9b44c7cd9ef2`

x.capnp:B is gone, x.capnp:E is new and like it
  - x.capnp:B@0xb5df2d4c08c280e3 struct
  + x.capnp:E@0x8c3c930a9fa7ac85 struct
    1 more line changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `E @0xb5df2d4c08c280e3`

x.capnp:C is gone, x.capnp:F is new and like it
  - x.capnp:C@0xe6d8cce2aa22bbf2 interface
  + x.capnp:F@0xefd001ca589ce7c3 interface
    1 more line changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `F @0xe6d8cce2aa22bbf2`");
}

#[test]
fn what_a_type_under_another_id_lacks_is_shown() {
    assert_eq!(
        judged(
            "struct S @0xe6b58d73c31504f4 { a @0 :Text; b @1 :Text; }",
            "struct S { a @0 :Text; }"
        )
        .unwrap_err(),
        "x.capnp:S has another ID
  - x.capnp:S@0xe6b58d73c31504f4 struct
  + x.capnp:S@0xe6b58d73c31504f3 struct
    1 more line changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `S @0xe6b58d73c31504f4`

x.capnp:S: field `b` is gone
  - x.capnp:S@0xe6b58d73c31504f4 field @1 b: Text at pointer 1
  + nothing"
    );
}

#[test]
fn a_type_of_another_kind_is_no_renamed_one() {
    assert_eq!(
        judged(
            "struct S @0xe6b58d73c31504f4 { a @0 :Text; }",
            "enum S { a @0; }"
        )
        .unwrap_err(),
        "x.capnp:S is gone
  - x.capnp:S@0xe6b58d73c31504f4 struct
  + nothing
    1 more line went with it"
    );
    assert_eq!(
        judged("struct S {}", "enum S {}").unwrap_err(),
        "x.capnp:S became something else
  - x.capnp:S@0xe6b58d73c31504f3 struct
  + x.capnp:S@0xe6b58d73c31504f3 enum"
    );
}

#[test]
fn a_moved_type_is_paired_with_its_namesake() {
    for new in ["A", "Z"] {
        let before = "struct In { a @0 :Text; } struct Out { b @0 :Int8; }";
        let after = format!(
            "struct {new} {{ a @0 :Text; }} struct Out {{ b @0 :Int8; struct In {{ a @0 :Text; }} }}"
        );
        let text = judged(before, &after).unwrap_err();
        assert!(
            text.starts_with("x.capnp:In is gone, x.capnp:Out.In is new and like it\n"),
            "{text}"
        );
    }
}

#[test]
fn a_new_type_is_paired_once() {
    let before = "struct A { a @0 :Text; } struct B { a @0 :Text; }";
    let text = judged(before, "struct C { a @0 :Text; }").unwrap_err();
    assert_eq!(
        text,
        "x.capnp:A is gone, x.capnp:C is new and like it
  - x.capnp:A@0x9add9b44c7cd9ef2 struct
  + x.capnp:C@0xe6d8cce2aa22bbf2 struct
    1 more line changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `C @0x9add9b44c7cd9ef2`

x.capnp:B is gone
  - x.capnp:B@0xb5df2d4c08c280e3 struct
  + nothing
    1 more line went with it"
    );
}

#[test]
fn an_empty_type_is_not_like_every_other() {
    let error = judged("struct Empty {}", "struct A { a @0 :Text; }").unwrap_err();
    assert_eq!(
        error,
        "x.capnp:Empty is gone
  - x.capnp:Empty@0xe8c99502d0dd9782 struct
  + nothing"
    );
    let error = judged("struct Empty {}", "struct Void {}").unwrap_err();
    assert!(error.starts_with("x.capnp:Empty is gone, x.capnp:Void is new and like it\n"));
}

#[test]
fn a_type_that_nothing_replaced_is_paired_with_nothing() {
    assert_eq!(
        judged("struct A { a @0 :Text; }", "struct B { b @0 :Text; }").unwrap_err(),
        "x.capnp:A is gone
  - x.capnp:A@0x9add9b44c7cd9ef2 struct
  + nothing
    1 more line went with it"
    );
}
