@0xb0a1b2c3d4e5f618;
# Lists of everything.

enum Color { red @0; green @1; }

struct Small { value @0 :UInt8; }
struct Empty {}
struct Choice { union { number @0 :UInt16; text @1 :Text; } }

struct Lists {
  nothings @0 :List(Void);
  flags @1 :List(Bool);
  i8s @2 :List(Int8);
  i16s @3 :List(Int16);
  i32s @4 :List(Int32);
  i64s @5 :List(Int64);
  u8s @6 :List(UInt8);
  u16s @7 :List(UInt16);
  u32s @8 :List(UInt32);
  u64s @9 :List(UInt64);
  f32s @10 :List(Float32);
  f64s @11 :List(Float64);
  texts @12 :List(Text);
  datas @13 :List(Data);
  colors @14 :List(Color);
  structs @15 :List(Small);
  empties @16 :List(Empty);
  choices @17 :List(Choice);
  numberLists @18 :List(List(UInt16));
  byteLists @19 :List(List(UInt8));
  textLists @20 :List(List(Text));
  structLists @21 :List(List(Small));
  deep @22 :List(List(List(Color)));
  lists @23 :List(Lists);
}
