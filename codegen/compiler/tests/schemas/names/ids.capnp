# Ids given by hand where they may be given, derived elsewhere.
@0xb6a3b5a1a1c0f005;

struct Given @0xb6a3b5a1a1c0f050 { inner @0 :Inner;
  struct Inner { a @0 :Int32; g :group { b @1 :Int32; u :union { c @2 :Int32; d @3 :Int32; } } }
  struct InnerGiven @0xb6a3b5a1a1c0f051 { a @0 :Int32; }
  enum Kind { a @0; }
  interface Service { call @0 (a :Kind) -> (b :Kind); }
  const k :Int32 = 1;
  annotation note(field) :Int32;
}
enum Kind @0xb6a3b5a1a1c0f052 { a @0; b @1; }
interface Service @0xb6a3b5a1a1c0f053 { call @0 (a :Kind) -> (b :Kind); nothing @1 (); }
const value @0xb6a3b5a1a1c0f054 :Int32 = 1;
annotation note @0xb6a3b5a1a1c0f055 (field) :Int32;
struct Generic @0xb6a3b5a1a1c0f056 (T) { t @0 :T; struct Inner @0xb6a3b5a1a1c0f057 (U) { t @0 :T; u @1 :U; } }
interface GenericService @0xb6a3b5a1a1c0f058 (T) extends(Service) { call2 @0 (t :T); }
struct HighBit @0xffffffffffffffff {}
struct LowestId @0x8000000000000000 {}
struct Decimal @9223372036854775809 {}
# Many groups: their ids count in the order of ordinals, not of the text.
struct Groups {
  last :group { z @6 :Int32; }
  middle :group { y @3 :Int32; deeper :group { w @4 :Int32; } v @5 :Int32; }
  plain @2 :Text;
  first :group { x @0 :Int32; second @1 :Int32; }
}
