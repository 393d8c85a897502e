//! What the tests share: schemas from text, and messages to and from values.

use std::sync::LazyLock;

use capnp::{
    any_pointer,
    message::{Builder, HeapAllocator},
    schema_capnp::code_generator_request,
};
use capnp_compiler::{Compiler, MemoryFiles};

use crate::dynamic::{At, DecodeError, EncodeError, Schema, Value, decode, encode};

/// ID of `Everything` in [`EVERYTHING`].
pub(super) const EVERYTHING_ID: u64 = 0xb000_0000_0000_0001;

/// A struct with fields of every kind, and an interface that uses it.
pub(super) const EVERYTHING: &str = r#"
    enum Color { red @0; green @1; blue @2; true @3; }
    struct Inner { name @0 :Text; count @1 :UInt16; tags @2 :List(Text); }
    struct Box(T) { value @0 :T; }
    interface Watcher { changed @0 (now :Everything) -> (); }
    interface Service @0xb000000000000010 {
      put @0 (items :List(Inner), watcher :Watcher) -> (all :Everything);
    }
    struct Everything @0xb000000000000001 {
      nothing @0 :Void;
      flag @1 :Bool;
      i8 @2 :Int8; i16 @3 :Int16; i32 @4 :Int32; i64 @5 :Int64;
      u8 @6 :UInt8; u16 @7 :UInt16; u32 @8 :UInt32; u64 @9 :UInt64;
      f32 @10 :Float32; f64 @11 :Float64;
      text @12 :Text; data @13 :Data; color @14 :Color; inner @15 :Inner;

      flagOn @16 :Bool = true;
      minus @17 :Int8 = -5; less @18 :Int64 = -6000000000; more @19 :UInt32 = 4000000000;
      half @20 :Float32 = 1.5; third @21 :Float64 = 0.25; blue @22 :Color = blue;
      hello @23 :Text = "hello"; bytes @24 :Data = 0x"01 a2";
      numbers @25 :List(Int16) = [1, -2]; first @26 :Inner = (name = "one", tags = ["a"]);

      place :group {
        x @27 :Int32;
        name @28 :Text;
        union { unknown @29 :Void; room @30 :UInt8; street :group { number @31 :UInt16 = 7; name @32 :Text; } }
      }
      union { plain @33 :Void; small @34 :UInt8; long @35 :Text; pair :group { a @36 :Bool; b @37 :Float32; } }
      shape :union { point @38 :Void; circle @39 :Float64; square @40 :Float32 = 2; }

      voids @41 :List(Void); bools @42 :List(Bool); i8s @43 :List(Int8); u16s @44 :List(UInt16);
      f32s @45 :List(Float32); u64s @46 :List(UInt64); texts @47 :List(Text); datas @48 :List(Data);
      colors @49 :List(Color); inners @50 :List(Inner); matrix @51 :List(List(Int32));
      bits @52 :List(List(Bool)); tables @53 :List(List(Inner));
      next @54 :Everything; all @55 :List(Everything);

      watcher @56 :Watcher; any @57 :AnyPointer; box @58 :Box(Text); watchers @59 :List(Watcher);
    }
"#;

/// The compiled nodes of a schema, as a peer sends them: nothing but the nodes.
pub(super) fn compile(text: &str) -> Vec<u8> {
    let mut files = MemoryFiles::new();
    files.insert(
        "test.capnp",
        format!("@0xf000000000000001;\n{text}").as_str(),
    );
    let request = Compiler::new()
        .file_system(files)
        .compile(["test.capnp"])
        .unwrap_or_else(|errors| panic!("{errors}"));
    let nodes = request.reader().unwrap().get_nodes().unwrap();
    // One segment, with room for the largest of the schemas here.
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(1 << 15));
    let mut root: code_generator_request::Builder<'_> = message.init_root();
    root.set_nodes(nodes).unwrap();
    capnp::serialize::write_message_to_words(&message)
}

pub(super) fn schema(text: &str) -> Schema {
    Schema::parse(&compile(text)).unwrap()
}

/// The schema of [`EVERYTHING`].
pub(super) fn everything() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| schema(EVERYTHING));
    &SCHEMA
}

/// ID of the struct of this name.
pub(super) fn id(schema: &Schema, name: &str) -> u64 {
    let mut found = schema.structs().filter(|node| node.name() == name);
    found.next().expect("the struct is in the schema").id()
}

/// The fields of a struct value.
pub(super) fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Struct(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

pub(super) fn parsed(text: &str) -> Value {
    text.parse().unwrap()
}

/// A message in stream framing that holds `value`.
pub(super) fn written(
    schema: &Schema,
    struct_id: u64,
    value: &Value,
) -> Result<Vec<u8>, At<EncodeError>> {
    let mut message = Builder::new_default();
    encode(schema, struct_id, value, message.init_root())?;
    Ok(capnp::serialize::write_message_to_words(&message))
}

/// What a message in stream framing holds.
pub(super) fn read(
    schema: &Schema,
    struct_id: u64,
    mut bytes: &[u8],
) -> Result<Value, At<DecodeError>> {
    let options = capnp::message::ReaderOptions::new();
    let message = capnp::serialize::read_message(&mut bytes, options)
        .map_err(|error| DecodeError::Malformed(error.kind))?;
    let root: any_pointer::Reader<'_> = message
        .get_root()
        .map_err(|error| DecodeError::Malformed(error.kind))?;
    decode(schema, struct_id, root)
}

/// `value` after a way through a message.
pub(super) fn through(schema: &Schema, struct_id: u64, value: &Value) -> Value {
    let bytes = written(schema, struct_id, value).unwrap();
    read(schema, struct_id, &bytes).unwrap()
}

/// A struct with nothing set.
pub(super) fn nothing() -> Value {
    Value::Struct(Vec::new())
}
