# Constants of every type, constants made of constants, and names of constants in every form.
@0xb6a3b5a1a1c0f017;

using Units = import "/lib/units.capnp";
using Lit = import "../lexical/literals.capnp";

enum Kind { first @0; second @2; third @1; }
struct Point { x @0 :Int32 = 1; y @1 :Int32; label @2 :Text = "none"; next @3 :Point; kinds @4 :List(Kind); raw @5 :Data; flag @6 :Bool = true; f @7 :Float32 = 0.5; k @8 :Kind = third; }
struct Union { union { a @0 :Int32; b @1 :Text; c :group { d @2 :Int8; e @3 :Point; } v @4 :Void; } u :union { f @5 :Void; g @6 :Bool; } }
struct Box(T) { value @0 :T; tag @1 :Text; }
struct Empty {}
struct Bits { a @0 :Bool; b @1 :Bool; c @2 :Bool; d @3 :Int8; e @4 :Int16; }
interface Service {}

const kind :Kind = second;
const kindQualified :Kind = third;
const kinds :List(Kind) = [first, third, second];
const point :Point = (x = 5, label = "p");
const pointAll :Point = (x = -1, y = 2, label = "all", next = (x = 3, next = ()), kinds = [third, first], raw = 0x"0102", flag = false, f = 1e10, k = first);
const pointEmpty :Point = ();
const pointDefaultsAgain :Point = (x = 1, y = 0, flag = true, k = third);
const pointDisordered :Point = (f = 2, x = 9, k = second, label = "z",);
const points :List(Point) = [(x = 1), (), (next = (y = 2)), .point];
const pointLists :List(List(Point)) = [[(x = 1)], [], [.point, .pointAll]];
const empty :Empty = ();
const empties :List(Empty) = [(), (), ()];
const bits :List(Bits) = [(a = true), (b = true, d = -1), (c = true, e = 300)];
const unionA :Union = (a = 5);
const unionB :Union = (b = "text");
const unionC :Union = (c = (d = 3, e = (x = 2)));
const unionCEmpty :Union = (c = ());
const unionV :Union = (v = void, u = (g = true));
const unionF :Union = (u = (f = void));
const unions :List(Union) = [(a = 1), (b = ""), (c = (e = .point)), (v = void)];
const boxText :Box(Text) = (value = "boxed", tag = "t");
const boxPoint :Box(Point) = (value = (x = 7), tag = .name);
const boxBox :Box(Box(Text)) = (value = (value = "deep"));
const boxList :Box(List(Int16)) = (value = [1, -2]);
const boxUnbound :Box = (tag = "nothing inside");
const name :Text = "name";
const nameAgain :Text = .name;
const nameChain :Text = .nameAgain;
const number :Int16 = 300;
const numberAsOther :Int64 = .number;
const numberAsFloat :Float64 = .number;
const numberAsUnsigned :UInt32 = .number;
const dataConst :Data = 0x"aabb";
const dataAgain :Data = .dataConst;
const listConst :List(Int16) = [1, 2, 3];
const listAgain :List(Int16) = .listConst;
const listOfConsts :List(Int16) = [.number, 5, .number];
const listOfLists :List(List(Int16)) = [.listConst, [], .listConst];
const pointAgain :Point = .pointAll;
const pointOfConsts :Point = (x = .number, label = .name, next = .point, raw = .dataConst, kinds = .kinds, f = .number);
const kindAsNumber :UInt16 = .kind;
const imported :Units.Length = Units.foot;
const importedInPlace :Units.Length = import "/lib/units.capnp".foot;
const importedNumber :Int32 = Units.zero;
const importedUnit :Units.Unit = foot;
const fromLiterals :Text = Lit.escapes;
const literalList :List(Int32) = Lit.list;
const viaAlias :Int16 = Alias.inner;
const viaScope :Int16 = Scope.inner;
const viaDeep :Text = Scope.Deeper.deepest;
using Alias = Scope;
struct Scope {
  const inner :Int16 = -7;
  const outer :Int16 = .number;
  const sibling :Int16 = Scope.inner;
  const point :Point = (x = Scope.inner, y = .Scope.inner);
  using aliased = .number;
  const viaLower :Int16 = Scope.aliased;
  interface Deeper { const deepest :Text = "deep"; enum NotUsed { a @0; } }
  struct Gen(T) { const inGeneric :Int32 = 9; const box :Box(Text) = (value = "in generic"); }
}
const fromGeneric :Int32 = Scope.Gen(Text).inGeneric;
const fromGenericUnbound :Int32 = Scope.Gen.inGeneric;
const boxFromGeneric :Box(Text) = Scope.Gen.box;
const anyStruct :AnyPointer = .point;
const anyList :AnyPointer = .listConst;
const anyStructTyped :AnyStruct = .point;
const anyListTyped :AnyList = .points;
const later :Int32 = .evenLater;
const evenLater :Int32 = 12;
const uint64Big :UInt64 = .hugeNumber;
const hugeNumber :UInt64 = 0xffffffffffffffff;
const negativeAsFloat :Float32 = Scope.inner;
const voids :List(Void) = [void, .nothing];
const nothing :Void = void;
const boolConst :Bool = .truth;
const truth :Bool = true;
const infConst :Float32 = .infinite;
const infinite :Float64 = inf;
const f32AsF64 :Float64 = .third;
const third :Float32 = 0.333;
struct Lists(A, B, C) { list @0 :List(C); lists @1 :List(List(C)) = []; }
const listOfThird :Lists(Text, Data, Text) = (list = ["x"], lists = [[], ["y"]]);
const listOfServices :List(Service) = [];
