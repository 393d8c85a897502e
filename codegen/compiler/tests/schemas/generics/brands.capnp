# Brands carried by aliases: chains of `using`, aliases inside generics, of imports, of parameters.
@0xb6a3b5a1a1c0f00d;

using Boxes = import "boxes.capnp";
using import "boxes.capnp".Box;
using import "boxes.capnp".Pair;
using Deep = import "deep.capnp";
using TextBox = Box(Text);
using BoxAlias = Box;
using BoxAlias2 = BoxAlias;
using Twice = BoxAlias2(BoxAlias2(Data));
using File = Boxes;
using Swapped = Pair(Data, Text);
using ImportDirect = import "/lib/generic.capnp".Map(Text, Data);
using ImportEntry = ImportDirect.Entry;
using TextList = List(Text);
using TextLists = List(TextList);
using Int = Int32;
using L = List;

struct User(T) {
  a @0 :TextBox;
  b @1 :BoxAlias(T);
  c @2 :BoxAlias2(TextBox);
  d @3 :Twice;
  e @4 :File.Pair(Text, File.Leaf);
  f @5 :Swapped;
  g @6 :ImportDirect;
  h @7 :ImportEntry;
  i @8 :ImportDirect.Entry;
  j @9 :TextLists;
  k @10 :Int;
  l @11 :L(L(Int));
  m @12 :Mine;
  n @13 :Theirs(Text).Alias;
  o @14 :Theirs(T).Alias;
  p @15 :Theirs(Text).AliasOfParam;
  q @16 :Theirs(T).AliasOfParam;
  r @17 :Theirs.Alias;
  s @18 :Theirs(Text).AliasPair(Data);
  t @19 :Deep.Outer(T, Text).Alias;
  u @20 :import "deep.capnp".Outer(Text, T).Plain;
  v @21 :Theirs(Text).AliasList;
  w @22 :Theirs(Text).Nested.Own(Data).Both;
  x @23 :Theirs.AliasOfParam;

  using Mine = Box(T);
  using MineToo = Mine;
}
struct Theirs(X) {
  using Alias = Box(X);
  using AliasOfParam = X;
  using AliasPair = Half;
  using AliasList = List(Box(X));
  struct Half(Y) { x @0 :X; y @1 :Y; viaAlias @2 :AliasOfParam; viaBox @3 :Alias; }
  struct Nested { struct Own(Z) { using Both = Pair(X, Z); b @0 :Both; } }
  a @0 :AliasOfParam;
  b @1 :Alias;
  c @2 :AliasPair(Text);
}
interface Boxed(T) extends(Getter(Box(T)), Getter2(T).Nested) {
  set @0 (v :Box(T)) -> TextBox;
}
interface Getter(T) { get @0 () -> (v :T); }
interface Getter2(U) { interface Nested { get @0 () -> (v :U); } }
