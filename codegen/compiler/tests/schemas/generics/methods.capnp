# Type parameters of methods, alone and beside those of the interface.
@0xb6a3b5a1a1c0f00e;

struct Box(T) { value @0 :T; struct Inner(U) { t @0 :T; u @1 :U; } }
interface Plain {
  identity @0 [T] (value :T) -> (value :T);
  swap @1 [A, B] (a :A, b :B) -> (a :B, b :A);
  boxed @2 [T] (value :Box(T)) -> (value :Box(Box(T)));
  structs @3 [T] Box(T) -> Box(Box(T));
  structIn @4 [T] Box(T) -> (value :T);
  structOut @5 [T] (value :T) -> Box(T);
  inner @6 [T, U] Box(T).Inner(U) -> Box(U).Inner(T);
  lists @7 [T] (values :List(Box(T)), box :List(Box(Box(T)))) -> (values :List(List(Box(T))));
  unused @8 [T] () -> ();
  streamed @9 [T] (value :T) -> stream;
  noResult @10 [T] (value :T);
  service @11 [T] (value :Generic(T)) -> (value :Generic(Generic(T)));
  unbound @12 (value :Box) -> (value :Generic);
}
interface Generic(I) {
  one @0 (value :I) -> (value :Box(I));
  two @1 [T] (value :T, own :I) -> (value :Box(T), own :Box(I));
  three @2 [T] Box(I) -> Box(T);
  four @3 [T, U] (group :Box(I).Inner(T)) -> Box(U).Inner(I);
  five @4 [I] (value :I) -> (value :I);
  six @5 () -> Result;
  seven @6 (r :Result) -> Result;
  struct Result { value @0 :I; }
  interface Nested(N) extends(Generic(N)) {
    call @0 [T] (a :I, b :N, c :T) -> (r :Result);
    other @1 [T, U] Box(T) -> stream;
  }
}
