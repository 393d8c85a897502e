@0xb0a1b2c3d4e5f615;
# Constants and defaults of every kind.

const limit :UInt32 = 4096;
const origin :Point = (x = -1, label = "origin");
const primes :List(UInt16) = [2, 3, 5, 7];
const names :List(Text) = ["a", "", "c"];
const blobs :List(Data) = [0x"00", ""];
const points :List(Point) = [(x = 1), (label = "second")];
const grid :List(List(Bool)) = [[true, false], []];
const colors :List(Color) = [blue, red];
const nothings :List(Void) = [void, void];
const floats :List(Float32) = [1.5, -inf];
const empty :List(UInt8) = [];

enum Color { red @0; green @1; blue @2; }

struct Point {
  x @0 :Int32 = 10;
  label @1 :Text = "somewhere";
  const zero :Point = (x = 0);
}

struct Defaults {
  nothing @0 :Void;
  flag @1 :Bool = true;
  i8 @2 :Int8 = -8;
  i16 @3 :Int16 = -16;
  i32 @4 :Int32 = -32;
  i64 @5 :Int64 = -64;
  u8 @6 :UInt8 = 8;
  u16 @7 :UInt16 = 16;
  u32 @8 :UInt32 = 32;
  u64 @9 :UInt64 = 0xffffffffffffffff;
  f32 @10 :Float32 = -1.5;
  f64 @11 :Float64 = 2.5e100;
  nan @12 :Float64 = nan;
  infinite @13 :Float32 = -inf;
  text @14 :Text = "default";
  data @15 :Data = 0x"01 02";
  color @16 :Color = green;
  point @17 :Point = (x = 5);
  primes @18 :List(UInt16) = [2, 3];
  points @19 :List(Point) = [(x = 1)];
  texts @20 :List(Text) = ["x"];
  bytes @21 :List(UInt8) = [1, 2, 3];
  grid @22 :List(List(Int8)) = [[1], [2, 3]];
  plain @23 :Point;
  union {
    first @24 :UInt8 = 24;
    second @25 :Point = (label = "second");
  }
}
