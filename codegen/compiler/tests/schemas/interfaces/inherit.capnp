# Interfaces: methods in every form and order, inheritance, parameters of every type.
@0xb6a3b5a1a1c0f00f;

interface Empty {}
interface Base { one @0 (); two @1 () -> (); three @2 (a :Int32) -> (b :Text); }
interface Left extends(Base) { left @0 (); }
interface Right extends(Base) { right @0 (); }
interface Diamond extends(Left, Right) { own @0 () -> (self :Diamond); }
interface OnlyInherits extends(Diamond, Empty) {}
interface ExtendsNothing extends() {}
interface TrailingComma extends(Base,) {}
interface Disordered { c @2 (); a @0 (); d @3 (); b @1 (); }
interface Types {
  all @0 (
    void :Void, bool :Bool, i8 :Int8, i16 :Int16, i32 :Int32, i64 :Int64,
    u8 :UInt8, u16 :UInt16, u32 :UInt32, u64 :UInt64, f32 :Float32, f64 :Float64,
    text :Text, data :Data, list :List(Text), kind :Kind, struct :Args, service :Base,
    any :AnyPointer, anyStruct :AnyStruct, anyList :AnyList, cap :Capability
  ) -> (list :List(Base), self :Types,);
  defaults @1 (a :Int32 = 5, b :Text = "x", c :List(Int8) = [1, 2], d :Kind = b, e :Args = (n = 3), f :Bool = true, g :Float32 = -1.5, h :Data = 0x"00ff") -> (i :Int32 = 6);
  nulls @2 (a :Text = null, b :Data = null, c :List(Int8) = null, d :Args = null, e :Base = null, f :AnyPointer = null) -> (g :Text = null);
  structs @3 Args -> Outcome;
  structIn @4 Args;
  structInNamedOut @5 Args -> (ok :Bool);
  namedInStructOut @6 (ok :Bool) -> Outcome;
  imported @7 import "/lib/units.capnp".Length -> import "/lib/units.capnp".Length;
  nestedType @8 Types.Nested -> Nested;
  groupless @9 (g :Outcome) -> Args;
  struct Nested { x @0 :Int8; }
  enum Own { x @0; }
  const limit :Int32 = 3;
  own @10 (o :Own = x, limit :Int32 = .Types.limit) -> ();
}
struct Args { n @0 :Int32; }
struct Outcome { union { ok @0 :Text; error @1 :Int32; } }
enum Kind { a @0; b @1; }
struct Holder {
  base @0 :Base; list @1 :List(Diamond); nested @2 :Inner;
  interface Inner extends(Base) { call @0 (h :Holder) -> (i :Inner); interface Deeper extends(Inner) { call @0 Holder -> Holder; } }
}
