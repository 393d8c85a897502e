//! Mocks: of interfaces that extend others, and none where they are not wanted.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

/// The fields of `XMock`.
fn fields(schema: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let head = "@0xb0a1b2c3d4e5f60c; using Bus = import \"/dsoftbus/bus.capnp\";";
    std::fs::write(dir.path().join("x.capnp"), format!("{head}\n{schema}")).unwrap();
    let builder = dsoftbus_codegen::configure().schema_dir(dir.path());
    let builder = builder.out_dir(dir.path()).raw(false);
    assert_eq!(builder.compile(["x.capnp"]), Ok(()));
    let code = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
    let file = syn::parse_file(&code).unwrap();
    let mock = file.items.into_iter().find_map(|item| match item {
        syn::Item::Struct(item) if item.ident == "XMock" => Some(item),
        _ => None,
    });
    let fields = mock.unwrap().fields.into_iter();
    fields
        .map(|field| field.ident.unwrap().to_string())
        .collect()
}

#[test]
fn what_an_interface_extends_has_a_field_of_its_own() {
    assert_eq!(
        fields(
            "interface Book { page @0 (); } interface X extends(Book) $Bus.channel(0x100) { genre @0 (); }"
        ),
        ["genre", "book"]
    );
}

#[test]
fn fields_never_meet() {
    assert_eq!(
        fields(
            "interface Book { page @0 (); } struct Other { interface Book { isbn @0 (); } } \
             interface X extends(Book, Other.Book) $Bus.channel(0x100) { book @0 (); }"
        ),
        ["book", "book_", "book__"]
    );
}

#[test]
fn without_mocks_their_names_are_free() {
    let dir = tempfile::tempdir().unwrap();
    let schema = "@0xb0a1b2c3d4e5f60c; using Bus = import \"/dsoftbus/bus.capnp\"; \
                  struct XMock { a @0 :Bool; } interface X $Bus.channel(0x100) { m @0 (); }";
    std::fs::write(dir.path().join("x.capnp"), schema).unwrap();
    let builder = dsoftbus_codegen::configure().schema_dir(dir.path());
    let builder = builder.out_dir(dir.path()).raw(false).mocks(false);
    assert_eq!(builder.compile(["x.capnp"]), Ok(()));
    let code = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
    let file = syn::parse_file(&code).unwrap();
    let mocks: Vec<_> = file
        .items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Struct(item) if item.ident.to_string().ends_with("Mock") => Some(item),
            _ => None,
        })
        .collect();
    // The one there is is that of the schema.
    let [mock] = mocks.as_slice() else {
        panic!("{} structs are called mocks", mocks.len());
    };
    assert!(
        mock.fields
            .iter()
            .any(|field| field.ident.as_ref().is_some_and(|name| name == "a"))
    );
    assert!(!code.contains("MockMethod"));
}
