# Words that look like keywords of this language or of the languages generated from it, as names.
@0xb6a3b5a1a1c0f004;

struct Struct { struct @0 :Int32; enum @1 :Int32; interface @2 :Int32; union @3 :Int32; group @4 :Int32;
  using @5 :Int32; const @6 :Int32; annotation @7 :Int32; import @8 :Int32; embed @9 :Int32; extends @10 :Int32;
  stream @11 :Int32; void @12 :Int32; true @13 :Bool; false @14 :Bool; inf @15 :Float32; nan @16 :Float32; null @17 :Text; }
struct Enum {}
struct Interface {}
struct Using {}
struct Import {}
struct Group { group :group { group @0 :Int32; } }
struct Union { union :union { union @0 :Int32; group @1 :Text; } }
struct UnionBoth { u :union { a @0 :Void; union :group { b @1 :Void; } group :union { c @2 :Void; d @3 :Void; } } }
enum Words { void @0; true @1; false @2; inf @3; nan @4; struct @5; enum @6; null @7; union @8; }
struct WordDefaults {
  a @0 :Words = void;
  b @1 :Words = true;
  c @2 :Words = inf;
  d @3 :Words = nan;
  e @4 :List(Words) = [false, struct, enum, null, union];
}
interface Methods {
  stream @0 (stream :Int32) -> (stream :Int32);
  union @1 ();
  struct @2 (struct :Struct) -> (enum :Enum);
  extends @3 (extends :Int32);
}
annotation annotation(annotation) :Void;
annotation struct(struct, field) :Text;
const const :Int32 = 1 $mark;
const enum :Words = enum;
const using :Int32 = .const;
annotation mark @0xb6a3b5a1a1c0f0aa (const) :Void;
struct Self { self @0 :Self; super @1 :Text; crate @2 :Int32; type @3 :Words; fn @4 :Void; impl @5 :Void; move @6 :Void; async @7 :Bool; await @8 :Bool; dyn @9 :Bool; match @10 :Bool; }
struct Client { client @0 :Server; server @1 :Int32; }
interface Server { client @0 () -> (client :Server); }
struct LongNameWithManyCapitalsABCXYZ { aBCDef @0 :Int32; x1 @1 :Int32; x1Y2 @2 :Int32; }
struct S $struct("on a struct") { f @0 :Int32 $struct("on a field"); }
