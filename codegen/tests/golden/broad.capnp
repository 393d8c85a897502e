@0xb0a1b2c3d4e5f602;

using Bus = import "/dsoftbus/bus.capnp";
using Shared = import "shared.capnp";

const limit :UInt32 = 4096;                # How many there may be.
const offset :Int64 = -5;
const ratio :Float64 = 0.25;
const never :Float32 = inf;
const banner :Text = "hi \"there\"";
const magic :Data = 0x"00 ff 41";
const favourite :Color = blue;

enum Color {
  # A colour.
  # [not a link], <not a tag>, https://example.com
  #
  #     let x = not_a_doctest();
  #
  # ```
  # neither.is(this)
  # ```
  red @0;      # Like roses.
  green @1;
  blue @2;
  self @3;
}

enum Odd { unknown @0; known @1; }

struct Empty {}

struct Scalars {
  # One field of each scalar type.
  nothing @0 :Void;
  flag @1 :Bool;
  i8 @2 :Int8;
  i16 @3 :Int16;
  i32 @4 :Int32;
  i64 @5 :Int64;
  u8 @6 :UInt8;
  u16 @7 :UInt16;
  u32 @8 :UInt32;
  u64 @9 :UInt64;
  f32 @10 :Float32;
  f64 @11 :Float64;
  text @12 :Text;
  data @13 :Data;
  color @14 :Color;
  odd @15 :Odd;
}

struct Defaults {
  flag @0 :Bool = true;
  number @1 :Int16 = -7;
  big @2 :UInt64 = 0xffffffffffffffff;
  ratio @3 :Float32 = -1.5;
  text @4 :Text = "default";
  data @5 :Data = 0x"01 02";
  color @6 :Color = green;
}

struct PointerDefaults {
  numbers @0 :List(UInt32) = [1, 2, 3];
  inner @1 :Defaults = (number = 9, text = "inner");
  plain @2 :Text;
}

struct Lists {
  nothings @0 :List(Void);
  flags @1 :List(Bool);
  numbers @2 :List(Int32);
  floats @3 :List(Float64);
  texts @4 :List(Text);
  datas @5 :List(Data);
  colors @6 :List(Color);
  structs @7 :List(Defaults);
  numberLists @8 :List(List(UInt16));
  textLists @9 :List(List(Text));
  structLists @10 :List(List(Scalars));
  deep @11 :List(List(List(Color)));
  empties @12 :List(Empty);
}

struct Tree {
  # A struct may hold itself in a list.
  name @0 :Text;
  children @1 :List(Tree);
}

struct Outer {
  inner @0 :Inner;
  kind @1 :Kind;
  struct Inner { type @0 :Text; fn @1 :UInt8; async @2 :Str; struct Str { str @0 :Text; } }
  enum Kind { reader @0; builder @1; }
  enum Reader { a @0; }
  const answer :UInt8 = 42;
}

interface Broad $Bus.channel(0x0200) $Bus.level(0) {
  # Every shape of method.

  nothing @0 () -> ();
  scalars @1 (value :Scalars) -> (value :Scalars);
  lists @2 (value :Lists) -> (value :Lists);
  defaults @3 (value :Defaults, more :PointerDefaults) -> (value :Defaults, more :PointerDefaults);
  tree @4 Tree -> Tree;
  outer @5 (outer :Outer) -> (outer :Outer);
  positional @6 (flag :Bool, count :UInt32, name :Text, bytes :Data, color :Color, texts :List(Text),
                 grid :List(List(UInt16)), nothing :Void)
             -> (flag :Bool, count :UInt32, name :Text, bytes :Data, color :Color, texts :List(Text),
                 grid :List(List(UInt16)), nothing :Void);
  count @7 (count :UInt64) -> (count :UInt64);
  bytes @8 (bytes :Data) -> (bytes :Data);
  colors @9 (colors :List(Color)) -> (colors :List(Color));
  fail @10 (name :Text) -> ();
  shared @11 (shared :Shared.Shared) -> (shared :Shared.Shared);

  # Names that need care.
  try @12 (type :Text, self :UInt8, cx :UInt8, params :Text, results :UInt8) -> (type :Text);
  local @13 () -> ();
  clone @14 () -> ();
  name @15 () -> (name :Text);
  getURL @16 (baseURL :Text) -> (url :Text);
  later @17 (name :Text) -> (answer :UInt8) $Bus.since(2);
  # Was not there from the start.

  enum Error $Bus.errors {
    # What may go wrong.
    notFound @0 $Bus.code(notFound);      # It is not there.
    tooOld @1 $Bus.code(failedPrecondition);
    mystery @2;
  }
  struct Result { result @0 :Text; }
  const version :UInt16 = 3;

  interface Inner $Bus.channel(0x201) {
    # A service declared inside another.
    ping @0 () -> ();
    struct Deep { value @0 :UInt8; }
    deep @1 (deep :Deep) -> (deep :Deep, again :Deep);
  }
}

interface Idle $Bus.channel(0x202) {}

annotation color(field) :Color;
