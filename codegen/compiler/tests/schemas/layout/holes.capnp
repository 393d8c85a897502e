# Where fields go: one hole of each size, the smallest that fits first.
@0xb6a3b5a1a1c0f006;

struct Empty {}
struct OnlyVoid { a @0 :Void; b @1 :Void; }
struct OneBit { a @0 :Bool; }
struct Bits { a @0 :Bool; b @1 :Int8; c @2 :Bool; d @3 :Int16; e @4 :Bool; f @5 :Int32; g @6 :Bool; h @7 :Int64; i @8 :Bool; }
struct Rising { a @0 :Bool; b @1 :Int8; c @2 :Int16; d @3 :Int32; e @4 :Int64; }
struct Falling { a @0 :Int64; b @1 :Int32; c @2 :Int16; d @3 :Int8; e @4 :Bool; }
struct FillFromSmall { a @0 :Int8; b @1 :Int64; c @2 :Int32; d @3 :Int16; e @4 :Int8; f @5 :Int8; }
struct TwoWords { a @0 :Int32; b @1 :Int64; c @2 :Int64; d @3 :Int16; e @4 :Bool; f @5 :Int16; g @6 :Int8; h @7 :Bool; }
struct OutOfOrder { e @4 :Int64; b @1 :Bool; d @3 :Int16; a @0 :Int8; c @2 :Bool; }
struct Pointers { a @0 :Text; b @1 :Data; c @2 :List(Int8); d @3 :Empty; e @4 :AnyPointer; f @5 :Service; g @6 :AnyStruct; h @7 :AnyList; i @8 :Capability; }
interface Service {}
enum Kind { a @0; b @1; }
struct Enums { a @0 :Kind; b @1 :Bool; c @2 :Kind; d @3 :UInt8; e @4 :List(Kind); }
struct Mixed {
  a @0 :Text; b @1 :UInt8; c @2 :Float64; d @3 :Data; e @4 :Float32; f @5 :Bool; g @6 :UInt16; h @7 :Void; i @8 :UInt64; j @9 :UInt32;
}
struct NineBits { a @0 :Bool; b @1 :Bool; c @2 :Bool; d @3 :Bool; e @4 :Bool; f @5 :Bool; g @6 :Bool; h @7 :Bool; i @8 :Bool; }
struct SixtyFiveBits {
  a0 @0 :Bool; a1 @1 :Bool; a2 @2 :Bool; a3 @3 :Bool; a4 @4 :Bool; a5 @5 :Bool; a6 @6 :Bool; a7 @7 :Bool;
  b0 @8 :Bool; b1 @9 :Bool; b2 @10 :Bool; b3 @11 :Bool; b4 @12 :Bool; b5 @13 :Bool; b6 @14 :Bool; b7 @15 :Bool;
  c0 @16 :Bool; c1 @17 :Bool; c2 @18 :Bool; c3 @19 :Bool; c4 @20 :Bool; c5 @21 :Bool; c6 @22 :Bool; c7 @23 :Bool;
  d0 @24 :Bool; d1 @25 :Bool; d2 @26 :Bool; d3 @27 :Bool; d4 @28 :Bool; d5 @29 :Bool; d6 @30 :Bool; d7 @31 :Bool;
  e0 @32 :Int32; f0 @33 :Bool; f1 @34 :Int64; f2 @35 :Bool;
}
struct ListsOfLists { a @0 :List(List(List(Bool))); b @1 :List(Void); c @2 :List(Empty); d @3 :List(Service); e @4 :List(Capability); f @5 :List(AnyList); }
