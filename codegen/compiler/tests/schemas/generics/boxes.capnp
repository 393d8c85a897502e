# Generic types, every way of binding their parameters.
@0xb6a3b5a1a1c0f00b;

struct Box(T) { value @0 :T; }
struct Pair(A, B) { first @0 :A; second @1 :B; }
struct Leaf { n @0 :Int32; }
enum Kind { a @0; }
interface Service { call @0 (); }

struct Bound {
  text @0 :Box(Text);
  data @1 :Box(Data);
  leaf @2 :Box(Leaf);
  list @3 :Box(List(Int32));
  lists @4 :Box(List(List(Kind)));
  any @5 :Box(AnyPointer);
  service @6 :Box(Service);
  boxed @7 :Box(Box(Text));
  pair @8 :Pair(Text, Data);
  pairs @9 :Pair(Pair(Text, Leaf), Box(Pair(Leaf, List(Box(Data)))));
  unbound @10 :Box;
  unboundPair @11 :Pair;
  inList @12 :List(Box(Text));
  unboundInList @13 :List(Box);
  boxOfUnbound @14 :Box(Box);
  boxOfListOfUnbound @15 :Box(List(Box));
}
struct UsesOwn(T) {
  own @0 :T;
  list @1 :List(Box(T));
  box @2 :Box(T);
  boxBox @3 :Box(Box(T));
  pair @4 :Pair(T, Box(T));
  self @5 :UsesOwn(T);
  selfUnbound @6 :UsesOwn;
  selfOther @7 :UsesOwn(Text);
  selfSwap @8 :UsesOwn(UsesOwn(T));
  group :group { inGroup @9 :T; union { a @10 :T; b @11 :Box(T); } }
  union { c @12 :T; d @13 :List(Box(T)); }
}
struct Three(A, B, C) { a @0 :C; b @1 :Three(B, C, A); c @2 :Pair(C, Pair(B, A)); }
struct Shadow(Leaf) { a @0 :Leaf; b @1 : .Leaf; c @2 :Box(Leaf); }
