@0xe9a3b5a1a1c0f001;
# Aliases in, of and through generic scopes.

struct Map(Key, Value) {
  using Keys = Key;
  using Values = Value;
  using Self = Map(Key, Value);
  using Swapped = Map(Value, Key);
  using Pairs = List(Entry);
  using Doubled = Map(Self, Swapped);
  struct Entry {
    key @0 :Key;
    value @1 :Values;
    owner @2 :Self;
    other @3 :Swapped.Entry;
    using Inner = Map(Key, Text).Entry;
    inner @4 :Inner;
    inners @5 :List(Inner);
    kind @6 :Kind;
    group :group {
      swapped @7 :Swapped;
      union {
        both @8 :Doubled;
        neither @9 :Map(Text, Data).Swapped;
      }
    }
  }
  enum Kind { a @0; b @1; }
  interface Store(More) extends(Base(Key), Base(More).Deep(Value)) {
    using Found = Option(Value);
    get @0 [T] (key :Key, t :T, more :More) -> (found :Found, list :List(Found), t :T);
    put @1 [T, U] Entry -> Option(T);
    swap @2 [T] (m :Map(T, Key)) -> Map(More, T).Entry;
    stream @3 (key :Key) -> stream;
  }
  interface Base(B) {
    interface Deep(D) { m @0 (b :B, d :D, k :Key); }
    b @0 () -> (self :Base(B), deep :Deep(Value));
  }
  const empty :Entry = (kind = b);
  annotation note(*) :Text;
  entries @0 :Pairs;
  entry @1 :Entry;
}

struct Option(T) { union { none @0 :Void; some @1 :T; } }

using TextMap = Map(Text, Text);
using TextEntry = TextMap.Entry;
using TextInner = TextMap.Entry.Inner;
using Half = Map(Text, AnyPointer);
using TextKeys = TextMap.Keys;
using Doubled = TextMap.Doubled;
using Store = Map(Text, Data).Store(Option(Text));
using Unbound = Map.Entry;
using UnboundStore = Map.Store;
using note = Map(Text, Data).note;
using Kind = Map(Text, Data).Kind;

struct User(T) {
  a @0 :TextMap;
  b @1 :TextEntry;
  c @2 :TextInner;
  d @3 :Half.Swapped;
  e @4 :TextKeys;
  f @5 :Doubled;
  g @6 :Store;
  h @7 :Unbound;
  i @8 :UnboundStore(T);
  k @10 :Map(User(T), Option(User(Text)));
  l @11 :Map;
  m @12 :Kind = b $note("x");
  n @13 :TextEntry = (key = "k", value = "v", kind = a, inner = (key = "i"), group = (both = (entry = (kind = b))));
  o @14 :Store.Found;
  p @15 : .Store.Found;
  q @16 :List(TextMap.Pairs);
  using Up = User(Option(T));
  r @9 :Up.Up;
  s @17 :User(Data).Up;
}
