# Defaults of fields of every type: they change what is stored, never the layout.
@0xb6a3b5a1a1c0f018;

using C = import "constants.capnp";

struct All {
  void @0 :Void = void; bool @1 :Bool = true; i8 @2 :Int8 = -8; i16 @3 :Int16 = -16; i32 @4 :Int32 = -32; i64 @5 :Int64 = -64;
  u8 @6 :UInt8 = 8; u16 @7 :UInt16 = 16; u32 @8 :UInt32 = 32; u64 @9 :UInt64 = 64; f32 @10 :Float32 = 0.32; f64 @11 :Float64 = -0.64;
  text @12 :Text = "text"; data @13 :Data = 0x"da7a"; kind @14 :C.Kind = second;
  point @15 :C.Point = (x = 2, next = (y = 3));
  pointEmpty @16 :C.Point = ();
  list @17 :List(Int32) = [1, 2];
  listEmpty @18 :List(Int32) = [];
  points @19 :List(C.Point) = [(x = 1), ()];
  texts @20 :List(Text) = ["a", "", "b"];
  lists @21 :List(List(Bool)) = [[true, false], []];
  kinds @22 :List(C.Kind) = [third, first];
  datas @23 :List(Data) = [0x"00", "x"];
  voids @24 :List(Void) = [void, void];
  bools @25 :List(Bool) = [true, true, false];
  f64s @26 :List(Float64) = [1, 2.5, nan];
  box @27 :C.Box(Text) = (value = "v");
  boxes @28 :List(C.Box(C.Point)) = [(value = (x = 4)), ()];
  union @29 :C.Union = (c = (d = 1));
}
struct Zeroes { bool @0 :Bool = false; i8 @1 :Int8 = 0; f @2 :Float32 = 0; text @3 :Text = ""; data @4 :Data = ""; kind @5 :C.Kind = first; f2 @6 :Float64 = -0.0; }
struct Consts {
  number @0 :Int16 = C.number; text @1 :Text = C.name; point @2 :C.Point = C.pointAll; list @3 :List(Int16) = C.listConst; kind @4 :UInt16 = C.kind;
  data @5 :Data = C.dataConst; own @6 :Int32 = .Consts.limit; any @7 :AnyPointer = C.point; float @8 :Float64 = C.number; bool @9 :Bool = C.truth;
  const limit :Int32 = 17;
}
struct Recursive { self @0 :Recursive = (self = (n = 5)); n @1 :Int32 = 3; list @2 :List(Recursive) = [(self = ()), (list = [(n = 1)])]; }
struct InUnions { union { a @0 :Int32 = 1; b @1 :Text = "b"; c :group { d @2 :C.Point = (y = 1); e @3 :Bool = true; } } u :union { f @4 :Float32 = nan; g @5 :List(Int8) = [-1]; } }
struct Generic(T) { own @0 :C.Box(T) = (tag = "only the tag"); text @1 :C.Box(Text) = (value = "v"); n @2 :UInt8 = 255; nested @3 :Generic(Text) = (n = 4); }
