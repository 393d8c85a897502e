//! What a schema says.

use capnp_compiler::{Compiler, MemoryFiles, standard};

use super::support::{EVERYTHING_ID, everything, id, schema};
use crate::dynamic::{FieldKind, Schema, Type};

#[test]
fn methods_say_what_they_take_and_give() {
    let schema = everything();
    let service = schema.interface(0xb000_0000_0000_0010).unwrap();
    assert_eq!(service.name(), "Service");
    assert_eq!(service.id(), 0xb000_0000_0000_0010);
    let [put] = service.methods() else {
        panic!("one method");
    };
    assert_eq!((put.name(), put.ordinal()), ("put", 0));
    assert!(!put.is_streaming());
    let params = schema.structure(put.params()).unwrap();
    assert_eq!(params.name(), "put$Params");
    let [items, watcher] = params.fields() else {
        panic!("two parameters");
    };
    assert_eq!((items.name(), watcher.name()), ("items", "watcher"));
    let FieldKind::Slot(items) = items.kind() else {
        panic!("a slot");
    };
    assert_eq!(schema.type_name(items.ty()), "List(Inner)");
    let results = schema.structure(put.results()).unwrap();
    assert_eq!(results.fields()[0].name(), "all");
}

#[test]
fn a_method_is_found_in_what_an_interface_extends() {
    let schema = schema(
        "interface A @0xa000000000000001 { a @0 (); shared @1 (); }
         interface X {}
         interface Y extends (Z) {}
         interface Z {}
         interface B @0xa000000000000002 extends (A, X) { b @0 (); }
         interface C @0xa000000000000003 extends (A, Y) { c @0 (); shared @1 (); }
         interface D @0xa000000000000004 extends (B, C) { d @0 (); }",
    );
    let d = 0xa000_0000_0000_0004;
    let names: Vec<_> = schema
        .superclasses(d)
        .iter()
        .map(|found| found.name())
        .collect();
    assert_eq!(
        names,
        ["B", "C", "A", "X", "Y", "Z"],
        "nearest first, each once"
    );
    let (interface, method) = schema.method(d, "a").unwrap();
    assert_eq!((interface.name(), method.ordinal()), ("A", 0));
    let (interface, method) = schema.method(d, "shared").unwrap();
    assert_eq!((interface.name(), method.ordinal()), ("C", 1));
    assert!(schema.method(d, "e").is_none());
    assert!(schema.method(7, "a").is_none());
    assert!(schema.superclasses(7).is_empty());
}

#[test]
fn a_streaming_method_says_so() {
    let schema = schema("interface A @0xa000000000000001 { next @0 (item :Text) -> stream; }");
    let (_, next) = schema.method(0xa000_0000_0000_0001, "next").unwrap();
    assert!(next.is_streaming());
    assert!(
        schema
            .structure(next.results())
            .unwrap()
            .fields()
            .is_empty()
    );
}

#[test]
fn groups_and_unions_are_where_they_were_written() {
    let schema = everything();
    let all = schema.structure(EVERYTHING_ID).unwrap();
    let field = |name: &str| {
        all.fields()
            .iter()
            .find(|field| field.name() == name)
            .unwrap()
    };
    let FieldKind::Group(place) = field("place").kind() else {
        panic!("a group");
    };
    let names: Vec<_> = place.fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["x", "name", "unknown", "room", "street"]);
    assert!(place.fields()[3].is_in_union());
    assert!(!place.fields()[0].is_in_union());
    assert!(field("small").is_in_union());
    assert!(!field("shape").is_in_union());
    let FieldKind::Slot(value) = field("box").kind() else {
        panic!("a slot");
    };
    assert_eq!(value.ty(), &Type::Struct(id(schema, "Box")));
}

#[test]
fn whole_requests_of_a_compiler_are_taken_too() {
    for path in standard::paths() {
        let mut files = MemoryFiles::new();
        for path in standard::paths() {
            files.insert(&path[1..], standard::lookup(path).unwrap());
        }
        let name = &path[1..];
        let request = Compiler::new().file_system(files).compile([name]);
        let bytes = request.unwrap().bytes();
        let schema = Schema::parse(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        let is_empty = schema.structs().next().is_none() && schema.interfaces().next().is_none();
        assert_eq!(
            is_empty,
            matches!(path, "/capnp/c++.capnp" | "/capnp/rust.capnp"),
            "{path}"
        );
    }
}

#[test]
fn an_empty_message_is_an_empty_schema() {
    let schema = Schema::parse(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(schema.interfaces().next().is_none());
}
